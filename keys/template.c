/* The public areas that cairn's TPM keys and objects may have: TPMT_PUBLIC up to its `unique` (part
 * 2, 12.2.4). They are what the agent asks the TPM for and what the verifier compares with, so there is one
 * of each. */
#include "keys/template.h"

#include <tss2/tss2_tpm2_types.h>

static void add_head(struct cairn_buf *b, uint16_t type, uint32_t attributes)
{
	cairn_buf_add_u16be(b, type);
	cairn_buf_add_u16be(b, TPM2_ALG_SHA256);
	cairn_buf_add_u32be(b, attributes);
}

/* PolicySecret(TPM_RH_ENDORSEMENT): TCG EK Credential Profile 2.5, B.6.2 (PolicyA of SHA-256). */
static const uint8_t ek_policy[] = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
				    0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
				    0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};

/* TCG EK Credential Profile 2.5, B.3.3 (template L-1). */
void cairn_template_ek(struct cairn_buf *b)
{
	add_head(b, TPM2_ALG_RSA,
		 TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
		     TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT);
	cairn_buf_add_u16be(b, sizeof(ek_policy));
	cairn_buf_add(b, cairn_span(ek_policy, sizeof(ek_policy)));
	cairn_buf_add_u16be(b, TPM2_ALG_AES);
	cairn_buf_add_u16be(b, 128);
	cairn_buf_add_u16be(b, TPM2_ALG_CFB);
	cairn_buf_add_u16be(b, TPM2_ALG_NULL); /* scheme */
	cairn_buf_add_u16be(b, 2048);
	cairn_buf_add_u32be(b, 0); /* exponent: 65537 */
}

void cairn_template_ak(struct cairn_buf *b)
{
	add_head(b, TPM2_ALG_ECC,
		 TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
		     TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
		     TPMA_OBJECT_SIGN_ENCRYPT);
	cairn_buf_add_u16be(b, 0);	       /* policy */
	cairn_buf_add_u16be(b, TPM2_ALG_NULL); /* symmetric */
	cairn_buf_add_u16be(b, TPM2_ALG_ECDSA);
	cairn_buf_add_u16be(b, TPM2_ALG_SHA256);
	cairn_buf_add_u16be(b, TPM2_ECC_NIST_P256);
	cairn_buf_add_u16be(b, TPM2_ALG_NULL); /* kdf */
}

void cairn_template_release(struct cairn_buf *b)
{
	add_head(b, TPM2_ALG_ECC, TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_USERWITHAUTH);
	cairn_buf_add_u16be(b, 0);	       /* policy */
	cairn_buf_add_u16be(b, TPM2_ALG_NULL); /* symmetric */
	cairn_buf_add_u16be(b, TPM2_ALG_NULL); /* scheme */
	cairn_buf_add_u16be(b, TPM2_ECC_NIST_P256);
	cairn_buf_add_u16be(b, TPM2_ALG_NULL); /* kdf */
}

/* TCG TPM v2.0 Provisioning Guidance 1.0, 7.5.1, table 3 (ECC), with noDA. */
void cairn_template_srk(struct cairn_buf *b)
{
	add_head(b, TPM2_ALG_ECC,
		 TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
		     TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
		     TPMA_OBJECT_DECRYPT);
	cairn_buf_add_u16be(b, 0); /* policy */
	cairn_buf_add_u16be(b, TPM2_ALG_AES);
	cairn_buf_add_u16be(b, 128);
	cairn_buf_add_u16be(b, TPM2_ALG_CFB);
	cairn_buf_add_u16be(b, TPM2_ALG_NULL); /* scheme */
	cairn_buf_add_u16be(b, TPM2_ECC_NIST_P256);
	cairn_buf_add_u16be(b, TPM2_ALG_NULL); /* kdf */
}

/* Neither use nor administration by authValue: the policy alone opens it. */
void cairn_template_sealed(struct cairn_buf *b, const struct cairn_digest *policy)
{
	add_head(b, TPM2_ALG_KEYEDHASH,
		 TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_ADMINWITHPOLICY |
		     TPMA_OBJECT_NODA);
	cairn_buf_add_u16be(b, CAIRN_SHA256_SIZE);
	cairn_buf_add(b, cairn_digest_span(policy));
	cairn_buf_add_u16be(b, TPM2_ALG_NULL); /* scheme */
}
