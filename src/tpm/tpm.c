/* The connection to the TPM, its errors, and what all commands need. The TPM's answers are unmarshalled by
 * tpm2-tss. */
#include "tpm/tpm_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#define TRIES_MAX 7 /* after 10, 20, 40 ... 640 ms; ESAPI itself repeats each of them five times */

/* ---- errors ---- */

/* Layers that pass on codes of the TPM itself: TSS 2.0 Overview and Common Structures 0.90, 2.5. */
static bool is_tpm_layer(TSS2_RC rc)
{
	TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

	return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER;
}

/* Format-one codes carry the number of a handle, session or parameter: part 2, 6.6.3. */
static TSS2_RC bare_rc(TSS2_RC rc)
{
	if (!is_tpm_layer(rc))
		return rc;
	rc &= ~(TSS2_RC)TSS2_RC_LAYER_MASK;
	return (rc & TPM2_RC_FMT1) ? rc & (TPM2_RC_FMT1 | 0x3f) : rc;
}

bool cairn_tpm_again(TSS2_RC rc, unsigned *tries)
{
	switch (bare_rc(rc)) {
	case TPM2_RC_RETRY:
	case TPM2_RC_YIELDED:
	case TPM2_RC_TESTING:
	case TPM2_RC_NV_RATE:
		break;
	default:
		return false;
	}
	if (*tries >= TRIES_MAX)
		return false;
	nanosleep(&(struct timespec){.tv_nsec = 10000000L << *tries}, NULL);
	++*tries;
	return true;
}

static enum cairn_status tcti_status(TSS2_RC rc)
{
	switch (rc & ~(TSS2_RC)TSS2_RC_LAYER_MASK) {
	case TSS2_BASE_RC_IO_ERROR:
	case TSS2_BASE_RC_NO_CONNECTION:
	case TSS2_BASE_RC_NOT_PERMITTED:
		return CAIRN_E_TPM_ABSENT;
	case TSS2_BASE_RC_TRY_AGAIN:
		return CAIRN_E_TPM_BUSY;
	case TSS2_BASE_RC_MEMORY:
		return CAIRN_E_NOMEM;
	default:
		return CAIRN_E_TPM;
	}
}

static enum cairn_status rc_status(TSS2_RC rc)
{
	if (!is_tpm_layer(rc))
		return tcti_status(rc);
	switch (bare_rc(rc)) {
	case TPM2_RC_RETRY:
	case TPM2_RC_YIELDED:
	case TPM2_RC_TESTING:
	case TPM2_RC_NV_RATE:
	case TPM2_RC_NV_UNAVAILABLE:
		return CAIRN_E_TPM_BUSY;
	case TPM2_RC_LOCKOUT:
		return CAIRN_E_TPM_LOCKOUT;
	case TPM2_RC_POLICY_FAIL:
	case TPM2_RC_PCR_CHANGED:
		return CAIRN_E_TPM_POLICY;
	default:
		return CAIRN_E_TPM;
	}
}

/* What to do about it, where that is known. */
static const char *rc_advice(TSS2_RC rc)
{
	if (!is_tpm_layer(rc))
		return tcti_status(rc) == CAIRN_E_TPM_ABSENT
			   ? "; is its driver loaded, and is nobody else using it?"
			   : "";
	switch (bare_rc(rc)) {
	case TPM2_RC_LOCKOUT:
		return "; too many wrong authorisations: wait, or reset it with the lockout authorisation";
	case TPM2_RC_INITIALIZE:
		return "; TPM2_Startup was not sent: firmware or kernel must do that";
	case TPM2_RC_OBJECT_MEMORY:
	case TPM2_RC_SESSION_MEMORY:
	case TPM2_RC_OBJECT_HANDLES:
	case TPM2_RC_SESSION_HANDLES:
		return "; another program left objects in the TPM: use the resource manager, /dev/tpmrm0";
	case TPM2_RC_AUTH_FAIL:
	case TPM2_RC_BAD_AUTH:
		return "; cairn expects hierarchies without a password";
	default:
		return "";
	}
}

/* After an error of the transport ESAPI refuses every command as out of order; without a context, as one
 * without it. */
static bool is_break(TSS2_RC rc)
{
	TSS2_RC base = rc & ~(TSS2_RC)TSS2_RC_LAYER_MASK;

	switch (rc & TSS2_RC_LAYER_MASK) {
	case TSS2_TCTI_RC_LAYER:
		return base == TSS2_BASE_RC_IO_ERROR || base == TSS2_BASE_RC_NO_CONNECTION ||
		       base == TSS2_BASE_RC_MALFORMED_RESPONSE || base == TSS2_BASE_RC_BAD_SEQUENCE;
	case TSS2_ESAPI_RC_LAYER:
		return base == TSS2_BASE_RC_BAD_SEQUENCE || base == TSS2_BASE_RC_BAD_REFERENCE;
	default:
		return false;
	}
}

enum cairn_status cairn_tpm_result(struct cairn_tpm *t, const char *command, TSS2_RC rc)
{
	if (rc == TSS2_RC_SUCCESS)
		return CAIRN_OK;
	t->rc = rc;
	if (is_break(rc) && t->broken) /* what broke it is worth more than what it broke */
		return CAIRN_E_TPM_ABSENT;
	t->broken = t->broken || is_break(rc);
	snprintf(t->error, sizeof(t->error), "%s: %s (0x%08x)%s", command, Tss2_RC_Decode(rc), rc,
		 rc_advice(rc));
	return rc_status(rc);
}

TSS2_RC cairn_tpm_rc(const struct cairn_tpm *t)
{
	return bare_rc(t->rc);
}

const char *cairn_tpm_error(const struct cairn_tpm *t)
{
	return t->error;
}

/* ---- handles ---- */

struct cairn_tpm_handle cairn_tpm_handle(struct cairn_tpm *t)
{
	return (struct cairn_tpm_handle){.t = t, .tr = ESYS_TR_NONE};
}

/* Keeps the text of the error that led here. */
void cairn_tpm_handle_fini(struct cairn_tpm_handle *h)
{
	unsigned tries = 0;
	TSS2_RC rc;

	if (h->tr == ESYS_TR_NONE)
		return;
	if (!h->persistent) {
		do {
			rc = Esys_FlushContext(h->t->esys, h->tr);
		} while (cairn_tpm_again(rc, &tries));
		if (rc != TSS2_RC_SUCCESS)
			h->persistent = true;
	}
	if (h->persistent)
		Esys_TR_Close(h->t->esys, &h->tr);
	h->tr = ESYS_TR_NONE;
}

void cairn_tpm_freep(void *pointer_to_pointer)
{
	void *p;

	memcpy(&p, pointer_to_pointer, sizeof(p));
	Esys_Free(p);
}

enum cairn_status cairn_tpm_public_add(struct cairn_buf *out, const TPM2B_PUBLIC *pub)
{
	uint8_t bytes[sizeof(*pub) + 2];
	size_t off = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Marshal(pub, bytes, sizeof(bytes), &off) != TSS2_RC_SUCCESS)
		return CAIRN_E_INTERNAL;
	cairn_buf_add(out, cairn_span(bytes, off));
	return cairn_buf_status(out);
}

enum cairn_status cairn_tpm_template(TPM2B_PUBLIC *out, const struct cairn_buf *head,
				     struct cairn_span unique)
{
	cairn_auto_buf struct cairn_buf b = {0};
	size_t off = 0;

	if (head->failed)
		return CAIRN_E_NOMEM;
	cairn_buf_add_u16be(&b, (uint16_t)(head->len + unique.len));
	cairn_buf_add(&b, cairn_buf_span(head));
	cairn_buf_add(&b, unique);
	if (b.failed)
		return CAIRN_E_NOMEM;
	*out = (TPM2B_PUBLIC){0};
	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(b.ptr, b.len, &off, out) != TSS2_RC_SUCCESS || off != b.len)
		return CAIRN_E_INTERNAL;
	return CAIRN_OK;
}

enum cairn_status cairn_tpm_primary(struct cairn_tpm *t, ESYS_TR hierarchy, const TPM2B_PUBLIC *template,
				    struct cairn_tpm_handle *out, TPM2B_PUBLIC **pub)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	const TPM2B_DATA outside = {0};
	const TPML_PCR_SELECTION creation = {0};

	return CAIRN_TPM_CALL(t, "TPM2_CreatePrimary",
			      Esys_CreatePrimary(t->esys, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
						 ESYS_TR_NONE, &sensitive, template, &outside, &creation,
						 &out->tr, pub, NULL, NULL, NULL));
}

enum cairn_status cairn_tpm_name(struct cairn_tpm *t, const struct cairn_tpm_handle *h,
				 struct cairn_name *out)
{
	CAIRN_AUTO_ESYS TPM2B_NAME *name = NULL;
	enum cairn_status s =
	    cairn_tpm_result(t, "name of an object", Esys_TR_GetName(t->esys, h->tr, &name));

	if (s != CAIRN_OK)
		return s;
	if (name->size != sizeof(out->bytes))
		return CAIRN_E_UNSUPPORTED;
	memcpy(out->bytes, name->name, sizeof(out->bytes));
	return CAIRN_OK;
}

enum cairn_status cairn_tpm_property(struct cairn_tpm *t, TPM2_PT first, uint32_t *values, size_t count)
{
	CAIRN_AUTO_ESYS TPMS_CAPABILITY_DATA *data = NULL;
	enum cairn_status s =
	    CAIRN_TPM_CALL(t, "TPM2_GetCapability",
			   Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					      TPM2_CAP_TPM_PROPERTIES, first, (uint32_t)count, NULL, &data));

	if (s != CAIRN_OK)
		return s;
	const TPML_TAGGED_TPM_PROPERTY *p = &data->data.tpmProperties;
	if (data->capability != TPM2_CAP_TPM_PROPERTIES || p->count < count ||
	    p->count > TPM2_MAX_TPM_PROPERTIES)
		return CAIRN_E_UNSUPPORTED;
	for (size_t i = 0; i < count; i++) {
		if (p->tpmProperty[i].property != first + i)
			return CAIRN_E_UNSUPPORTED;
	}
	for (size_t i = 0; i < count; i++)
		values[i] = p->tpmProperty[i].value;
	return CAIRN_OK;
}

/* ---- connection ---- */

/* Active banks: TPM2_CAP_PCRS gives each bank's allocation; an empty one is not active. Part 2, 10.9.7. */
static enum cairn_status load_banks(struct cairn_tpm *t)
{
	static const enum cairn_alg known[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384,
					       CAIRN_ALG_SHA512};
	CAIRN_AUTO_ESYS TPMS_CAPABILITY_DATA *data = NULL;
	struct cairn_tpm_banks *b = &t->banks;
	bool active[sizeof(known) / sizeof(known[0])] = {false};
	enum cairn_status s =
	    CAIRN_TPM_CALL(t, "TPM2_GetCapability",
			   Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					      TPM2_CAP_PCRS, 0, 1, NULL, &data));

	if (s != CAIRN_OK)
		return s;
	const TPML_PCR_SELECTION *p = &data->data.assignedPCR;
	if (data->capability != TPM2_CAP_PCRS || p->count > TPM2_NUM_PCR_BANKS)
		return CAIRN_E_UNSUPPORTED;
	for (uint32_t i = 0; i < p->count; i++) {
		const TPMS_PCR_SELECTION *sel = &p->pcrSelections[i];
		size_t k = 0;

		if (sel->sizeofSelect > sizeof(sel->pcrSelect) ||
		    cairn_span_all(cairn_span(sel->pcrSelect, sel->sizeofSelect), 0) ||
		    sel->sizeofSelect == 0)
			continue;
		while (k < sizeof(known) / sizeof(known[0]) && known[k] != (enum cairn_alg)sel->hash)
			k++;
		if (k < sizeof(known) / sizeof(known[0]))
			active[k] = true;
		else
			b->unknown[b->unknown_count++] = sel->hash;
	}
	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
		if (active[k])
			b->alg[b->count++] = known[k];
	}
	if (active[1])
		return CAIRN_OK;
	snprintf(t->error, sizeof(t->error),
		 "the SHA-256 bank is not active: turn it on in the firmware's settings");
	return CAIRN_E_UNSUPPORTED;
}

static enum cairn_status open_fail(struct cairn_tpm *t, enum cairn_status s, struct cairn_tpm_why *why)
{
	if (why)
		snprintf(why->text, sizeof(why->text), "%s", t ? t->error : cairn_status_text(s));
	cairn_tpm_close(t);
	return s;
}

static enum cairn_status start(struct cairn_tpm **out, struct cairn_tpm *t, struct cairn_tpm_why *why)
{
	enum cairn_status s = cairn_tpm_result(t, "ESAPI", Esys_Initialize(&t->esys, t->tcti, NULL));

	if (s == CAIRN_OK)
		s = load_banks(t);
	if (s != CAIRN_OK)
		return open_fail(t, s, why);
	*out = t;
	return CAIRN_OK;
}

enum cairn_status cairn_tpm_open(struct cairn_tpm **out, const char *tcti, struct cairn_tpm_why *why)
{
	struct cairn_tpm *t = calloc(1, sizeof(*t));

	if (!t)
		return open_fail(NULL, CAIRN_E_NOMEM, why);
	setenv("TSS2_LOG", "all+none", 0);
	t->owns_tcti = true;
	t->conf = strdup(tcti);
	if (!t->conf)
		return open_fail(t, CAIRN_E_NOMEM, why);
	errno = 0;
	TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &t->tcti);
	if (rc != TSS2_RC_SUCCESS) {
		bool busy = errno == EBUSY; /* /dev/tpm0 can be open once */

		snprintf(t->error, sizeof(t->error), "%.100s: %s%s", tcti, Tss2_RC_Decode(rc),
			 busy ? "; another program is using the TPM" : rc_advice(rc));
		return open_fail(t, busy ? CAIRN_E_TPM_BUSY : CAIRN_E_TPM_ABSENT, why);
	}
	return start(out, t, why);
}

enum cairn_status cairn_tpm_open_tcti(struct cairn_tpm **out, TSS2_TCTI_CONTEXT *tcti,
				      struct cairn_tpm_why *why)
{
	struct cairn_tpm *t = calloc(1, sizeof(*t));

	if (!t)
		return open_fail(NULL, CAIRN_E_NOMEM, why);
	setenv("TSS2_LOG", "all+none", 0);
	t->tcti = tcti;
	return start(out, t, why);
}

void cairn_tpm_close(struct cairn_tpm *t)
{
	if (!t)
		return;
	Esys_Finalize(&t->esys);
	if (t->owns_tcti)
		Tss2_TctiLdr_Finalize(&t->tcti);
	free(t->conf);
	free(t);
}

void cairn_tpm_revive(struct cairn_tpm *t)
{
	TSS2_RC rc = TSS2_RC_SUCCESS;

	if (!t->broken)
		return;
	Esys_Finalize(&t->esys);
	if (t->owns_tcti) {
		Tss2_TctiLdr_Finalize(&t->tcti);
		rc = Tss2_TctiLdr_Initialize(t->conf, &t->tcti);
	}
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Initialize(&t->esys, t->tcti, NULL);
	t->broken = rc != TSS2_RC_SUCCESS;
}

/* Four characters of a TPM_PT, most significant first; NULs and what cannot be printed end it. */
static void add_chars(char *text, uint32_t v)
{
	size_t n = strlen(text);

	for (int shift = 24; shift >= 0; shift -= 8) {
		char c = (char)(v >> shift & 0x7f);

		if (c < ' ' || c > '~')
			break;
		text[n++] = c;
	}
	text[n] = '\0';
}

enum cairn_status cairn_tpm_info(struct cairn_tpm *t, struct cairn_tpm_info *out)
{
	uint32_t v[7] = {0}; /* MANUFACTURER, VENDOR_STRING_1..4, VENDOR_TPM_TYPE, FIRMWARE_VERSION_1 */
	uint32_t low = 0;
	struct cairn_tpm_info info = {0};
	enum cairn_status s = cairn_tpm_property(t, TPM2_PT_MANUFACTURER, v, 7);

	if (s == CAIRN_OK)
		s = cairn_tpm_property(t, TPM2_PT_FIRMWARE_VERSION_2, &low, 1);
	if (s != CAIRN_OK)
		return s;
	add_chars(info.manufacturer, v[0]);
	for (size_t i = 1; i <= 4; i++)
		add_chars(info.vendor, v[i]);
	info.firmware = (uint64_t)v[6] << 32 | low;
	*out = info;
	return CAIRN_OK;
}
