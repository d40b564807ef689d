/* TPM_ALG_ID and the like that libcairn reads without tpm2-tss. TPM 2.0 Library r1.59, part 2, unless it says
 * otherwise. */
#ifndef CAIRN_CORE_TPM_CONSTANTS_H
#define CAIRN_CORE_TPM_CONSTANTS_H

/* Clause 6.3, table 9; TCG Algorithm Registry r1.32, table 3. */
#define TPM_ALG_RSA	  0x0001
#define TPM_ALG_NULL	  0x0010
#define TPM_ALG_RSASSA	  0x0014
#define TPM_ALG_RSAPSS	  0x0016
#define TPM_ALG_ECDSA	  0x0018
#define TPM_ALG_ECDAA	  0x001a
#define TPM_ALG_SM2	  0x001b
#define TPM_ALG_ECSCHNORR 0x001c
#define TPM_ALG_ECC	  0x0023
/* TCG Algorithm Registry r1.32, table 4. */
#define TPM_ECC_NIST_P256 0x0003
#define TPM_ECC_NIST_P384 0x0004
/* Clauses 6.2 and 6.9. */
#define TPM_GENERATED_VALUE 0xff544347u
#define TPM_ST_ATTEST_QUOTE 0x8018
/* Clause 7.4. */
#define TPM_RH_OWNER	   0x40000001u
#define TPM_RH_ENDORSEMENT 0x4000000bu
/* Clause 8.3, TPMA_OBJECT. */
#define TPMA_FIXED_TPM		   (1u << 1)
#define TPMA_ST_CLEAR		   (1u << 2)
#define TPMA_FIXED_PARENT	   (1u << 4)
#define TPMA_SENSITIVE_DATA_ORIGIN (1u << 5)
#define TPMA_USER_WITH_AUTH	   (1u << 6)
#define TPMA_ADMIN_WITH_POLICY	   (1u << 7)
#define TPMA_NO_DA		   (1u << 10)
#define TPMA_ENCRYPTED_DUPLICATION (1u << 11)
#define TPMA_RESTRICTED		   (1u << 16)
#define TPMA_DECRYPT		   (1u << 17)
#define TPMA_SIGN		   (1u << 18)
#define TPMA_X509_SIGN		   (1u << 19)

#endif
