/* The boot facts of a log: one pass over its events, and the state of a small reader of GRUB's commands. */
#include "cairn/bootfacts.h"
#include "cairn/efi.h"

#include <string.h>

#define PCR_IMAGES	4
#define PCR_SECURE_BOOT 7
#define PCR_GRUB_TEXT	8
#define PCR_GRUB_FILE	9

enum { SLOT_XEN, SLOT_KERNEL, SLOT_INITRD, SLOTS };

struct reader {
	struct cairn_boot_facts f;
	enum cairn_alg bank;
	/* The last of each is that of the further module that was loaded last. */
	struct cairn_boot_file file[SLOTS + 1];
	bool has_digest[SLOTS + 1], has_cmdline[SLOTS + 1];
	bool started; /* the multiboot2 command was seen */
	size_t slot;  /* what the last multiboot2 or module2 command loads; SLOTS: a further module */
	struct cairn_event ev;
};

const char *cairn_boot_problem_text(enum cairn_boot_problem p)
{
	static const char *const texts[] = {
	    [CAIRN_BOOT_OK] = "the log names Xen and dom0",
	    [CAIRN_BOOT_NO_XEN] = "the log has no multiboot2 and module2 commands of GRUB",
	    [CAIRN_BOOT_EVENT_TYPE] = "PCR 8 or 9 holds an event that is not GRUB's",
	    [CAIRN_BOOT_TEXT_DIFFERS] = "the text of an event is not what was hashed",
	    [CAIRN_BOOT_COMMAND] = "a GRUB command after multiboot2 may have changed what was booted",
	    [CAIRN_BOOT_REPEATED] = "GRUB loaded or measured the same thing twice",
	    [CAIRN_BOOT_INCOMPLETE] = "a file was loaded without being measured",
	    [CAIRN_BOOT_LIMIT] = "the firmware started more images than cairn lists",
	};

	return (unsigned)p < sizeof texts / sizeof texts[0] ? texts[p] : "unknown";
}

enum cairn_secure_boot cairn_secure_boot_of(struct cairn_span value)
{
	if (value.len == 0)
		return CAIRN_SECURE_BOOT_OFF;
	if (value.len == 1 && value.ptr[0] <= 1)
		return value.ptr[0] == 1 ? CAIRN_SECURE_BOOT_ON : CAIRN_SECURE_BOOT_OFF;
	return CAIRN_SECURE_BOOT_UNKNOWN;
}

static void refuse(struct reader *r, enum cairn_boot_problem why)
{
	if (r->f.problem != CAIRN_BOOT_OK)
		return;
	r->f.problem = why;
	r->f.problem_event = r->ev.number;
}

/* The next word of a command, and the rest without the space between them. */
static struct cairn_span next_word(struct cairn_span *text)
{
	struct cairn_span word = cairn_span(text->ptr, 0);

	while (word.len < text->len && word.ptr[word.len] != ' ')
		word.len++;
	*text = word.len < text->len ? cairn_span(word.ptr + word.len + 1, text->len - word.len - 1)
				     : (struct cairn_span){0};
	return word;
}

static bool is(struct cairn_span word, const char *s)
{
	return cairn_span_equal(word, cairn_span_str(s));
}

/* The first argument that is not an option: multiboot2 and module2 know only options that start with "--". */
static struct cairn_span path_of(struct cairn_span arguments)
{
	struct cairn_span word = next_word(&arguments);

	while (word.len >= 2 && memcmp(word.ptr, "--", 2) == 0)
		word = next_word(&arguments);
	return word;
}

static void start_file(struct reader *r, size_t slot, struct cairn_span arguments)
{
	r->slot = slot < SLOTS ? slot : SLOTS;
	r->file[r->slot].path = path_of(arguments);
	r->has_digest[r->slot] = false;
	r->has_cmdline[r->slot] = false;
}

static void command(struct reader *r, struct cairn_span text)
{
	struct cairn_span word = next_word(&text);

	if (is(word, "multiboot2")) {
		if (r->started)
			refuse(r, CAIRN_BOOT_REPEATED);
		r->started = true;
		start_file(r, SLOT_XEN, text);
	} else if (r->started && is(word, "module2")) {
		start_file(r, SLOT_KERNEL + r->f.modules, text);
		r->f.modules++;
	} else if (r->started && !is(word, "echo") && !is(word, "boot")) {
		refuse(r, CAIRN_BOOT_COMMAND);
	}
}

static void cmdline(struct reader *r, struct cairn_span text, bool of_kernel)
{
	if (!r->started) /* of a kernel that multiboot2 has replaced */
		return;
	if (of_kernel != (r->slot == SLOT_XEN) || r->has_cmdline[r->slot])
		refuse(r, CAIRN_BOOT_REPEATED);
	r->has_cmdline[r->slot] = true;
	r->file[r->slot].cmdline = text;
}

static enum cairn_status grub_text(struct reader *r)
{
	enum cairn_event_check check = CAIRN_EVENT_UNCHECKED;
	enum cairn_status s = cairn_event_check(&check, &r->ev);
	struct cairn_span text;

	if (s != CAIRN_OK)
		return s;
	if (check != CAIRN_EVENT_MATCHES) {
		refuse(r, check == CAIRN_EVENT_DIFFERS ? CAIRN_BOOT_TEXT_DIFFERS : CAIRN_BOOT_EVENT_TYPE);
		return CAIRN_OK;
	}
	switch (cairn_event_grub_text(&text, &r->ev)) {
	case CAIRN_GRUB_COMMAND:
		command(r, text);
		break;
	case CAIRN_GRUB_KERNEL:
		cmdline(r, text, true);
		break;
	case CAIRN_GRUB_MODULE:
		cmdline(r, text, false);
		break;
	default:
		refuse(r, CAIRN_BOOT_EVENT_TYPE);
	}
	return CAIRN_OK;
}

static enum cairn_status grub_file(struct reader *r)
{
	struct cairn_span path;

	if (cairn_event_grub_text(&path, &r->ev) != CAIRN_GRUB_FILE) {
		refuse(r, CAIRN_BOOT_EVENT_TYPE);
		return CAIRN_OK;
	}
	if (!r->started || !cairn_span_equal(path, r->file[r->slot].path))
		return CAIRN_OK;
	if (r->has_digest[r->slot])
		refuse(r, CAIRN_BOOT_REPEATED);
	r->has_digest[r->slot] = true;
	return cairn_event_digest_get(&r->file[r->slot].digest, &r->ev, r->bank);
}

static enum cairn_status image(struct reader *r)
{
	if (r->ev.type != CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION)
		return CAIRN_OK;
	if (r->f.image_count == CAIRN_BOOT_IMAGES_MAX) {
		refuse(r, CAIRN_BOOT_LIMIT);
		return CAIRN_OK;
	}
	return cairn_event_digest_get(&r->f.image[r->f.image_count++], &r->ev, r->bank);
}

/* A variable of one byte; one that does not exist is measured with no data. */
static enum cairn_status secure_boot(struct reader *r, bool *seen)
{
	enum cairn_event_check check = CAIRN_EVENT_UNCHECKED;
	struct cairn_span value = {0};
	enum cairn_secure_boot state;
	enum cairn_status s;

	if (r->ev.type != CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG ||
	    !cairn_efi_variable_content(&value, r->ev.data, CAIRN_GUID_GLOBAL, "SecureBoot"))
		return CAIRN_OK;
	state = cairn_secure_boot_of(value);
	s = cairn_event_check(&check, &r->ev);
	if (s != CAIRN_OK)
		return s;
	if (check != CAIRN_EVENT_MATCHES || (*seen && state != r->f.secure_boot))
		state = CAIRN_SECURE_BOOT_UNKNOWN;
	*seen = true;
	r->f.secure_boot = state;
	return CAIRN_OK;
}

static enum cairn_status read_event(struct reader *r, bool *seen_secure_boot)
{
	if (r->ev.type == CAIRN_EV_NO_ACTION)
		return CAIRN_OK;
	switch (r->ev.pcr) {
	case PCR_IMAGES:
		return image(r);
	case PCR_SECURE_BOOT:
		return secure_boot(r, seen_secure_boot);
	case PCR_GRUB_TEXT:
		return grub_text(r);
	case PCR_GRUB_FILE:
		return grub_file(r);
	default:
		return CAIRN_OK;
	}
}

static void conclude(struct reader *r)
{
	r->ev.number = 0;
	if (r->f.modules == 0) /* they count behind multiboot2 only */
		refuse(r, CAIRN_BOOT_NO_XEN);
	for (size_t i = 0; i < SLOTS && i < r->f.modules + 1; i++)
		if (!r->has_digest[i] || !r->has_cmdline[i])
			refuse(r, CAIRN_BOOT_INCOMPLETE);
	if (r->f.problem != CAIRN_BOOT_OK) {
		r->f.modules = 0;
		return;
	}
	r->f.xen = r->file[SLOT_XEN];
	r->f.kernel = r->file[SLOT_KERNEL];
	r->f.initrd = r->file[SLOT_INITRD];
}

enum cairn_status cairn_boot_facts(struct cairn_boot_facts *out, const struct cairn_eventlog *log,
				   enum cairn_alg bank)
{
	struct cairn_eventlog_iter it = cairn_eventlog_iter(log);
	struct reader r = {.bank = bank, .slot = SLOTS};
	enum cairn_status s = CAIRN_E_NOTFOUND;
	bool seen_secure_boot = false;

	for (size_t i = 0; i < log->banks; i++)
		if (log->bank[i] == bank)
			s = CAIRN_OK;
	while (s == CAIRN_OK && cairn_eventlog_next(&it, &r.ev)) {
		s = read_event(&r, &seen_secure_boot);
		if (s == CAIRN_E_NOTFOUND) { /* an event without a digest of this bank */
			refuse(&r, CAIRN_BOOT_INCOMPLETE);
			s = CAIRN_OK;
		}
	}
	if (s != CAIRN_OK)
		return s;
	conclude(&r);
	*out = r.f;
	return CAIRN_OK;
}
