/* TPM2_MakeCredential in software. The credential and all that is derived for it are wiped. */
#include "cairn/credential.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#define SEED_SIZE CAIRN_SHA256_SIZE /* the digest size of the EK's nameAlg */
#define SYM_SIZE  16		    /* AES-128 */

/* Part 1, B.4: the label of OAEP includes its NUL. */
static const char oaep_label[] = "IDENTITY";

static EVP_PKEY *ek_key(const struct cairn_ekpub *ek)
{
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params = NULL;
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_bin2bn(ek->modulus, sizeof(ek->modulus), NULL);

	if (bld && ctx && n && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_ulong(bld, OSSL_PKEY_PARAM_RSA_E, RSA_F4) == 1)
		params = OSSL_PARAM_BLD_to_param(bld);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	return key;
}

/* RSAES_OAEP with the hash of the EK's nameAlg for both of its uses: part 1, B.4 and B.10.4. */
static bool oaep(uint8_t out[CAIRN_EK_MODULUS], const struct cairn_ekpub *ek, const uint8_t seed[SEED_SIZE])
{
	size_t len = CAIRN_EK_MODULUS;
	EVP_PKEY *key = ek_key(ek);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	char *label = OPENSSL_strdup(oaep_label); /* the context takes it over */
	bool good = label && EVP_PKEY_encrypt_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
		    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1;

	if (good && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, sizeof(oaep_label)) == 1)
		label = NULL;
	good = !label && EVP_PKEY_encrypt(ctx, out, &len, seed, SEED_SIZE) == 1;
	OPENSSL_free(label);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

/* KDFa (part 1, 11.4.10.2) is the counter mode of SP 800-108 with HMAC: counter, label, NUL, context, bits.
 * The context is a name or nothing. */
static bool kdfa(uint8_t *out, size_t len, const uint8_t seed[SEED_SIZE], struct cairn_span label,
		 struct cairn_span context)
{
	uint8_t key[SEED_SIZE], salt[16], info[sizeof(struct cairn_name)];
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);

	memcpy(key, seed, sizeof(key)); /* OSSL_PARAM takes no const */
	memcpy(salt, label.ptr, label.len);
	if (context.len > 0)
		memcpy(info, context.ptr, context.len);
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_MAC, (char[]){"HMAC"}, 0),
	    OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
	    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, key, sizeof(key)),
	    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, salt, label.len),
	    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, info, context.len),
	    OSSL_PARAM_END,
	};
	bool good = EVP_KDF_derive(ctx, out, len, params) == 1;
	OPENSSL_cleanse(key, sizeof(key));
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good;
}

/* encIdentity: the credential as a TPM2B, AES-128-CFB with a zero IV, key from the seed and the AK's name. */
static bool encrypt(struct cairn_buf *out, const uint8_t seed[SEED_SIZE], const struct cairn_name *ak,
		    struct cairn_span credential)
{
	const uint8_t iv[16] = {0};
	uint8_t key[SYM_SIZE], plain[2 + CAIRN_CREDENTIAL_MAX], cipher[sizeof(plain) + 16];
	int len = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	plain[0] = 0;
	plain[1] = (uint8_t)credential.len;
	memcpy(plain + 2, credential.ptr, credential.len);
	bool good = ctx && kdfa(key, sizeof(key), seed, cairn_span_str("STORAGE"), cairn_name_span(ak)) &&
		    EVP_EncryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, key, iv) == 1 &&
		    EVP_EncryptUpdate(ctx, cipher, &len, plain, 2 + (int)credential.len) == 1;
	if (good)
		cairn_buf_add(out, cairn_span(cipher, (size_t)len));
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(plain, sizeof(plain));
	EVP_CIPHER_CTX_free(ctx);
	return good && !out->failed;
}

/* outerHMAC over encIdentity || name. */
static bool seal(uint8_t out[CAIRN_SHA256_SIZE], const uint8_t seed[SEED_SIZE], const struct cairn_buf *enc,
		 const struct cairn_name *ak)
{
	cairn_auto_buf struct cairn_buf msg = {0};
	uint8_t key[CAIRN_SHA256_SIZE];
	unsigned len = 0;

	cairn_buf_add(&msg, cairn_buf_span(enc));
	cairn_buf_add(&msg, cairn_name_span(ak));
	bool good = !msg.failed &&
		    kdfa(key, sizeof(key), seed, cairn_span_str("INTEGRITY"), cairn_span(NULL, 0)) &&
		    HMAC(EVP_sha256(), key, sizeof(key), msg.ptr, msg.len, out, &len);
	OPENSSL_cleanse(key, sizeof(key));
	return good;
}

enum cairn_status cairn_credential_make(struct cairn_buf *id_object, struct cairn_buf *secret,
					const struct cairn_ekpub *ek, const struct cairn_name *ak_name,
					struct cairn_span credential)
{
	cairn_auto_buf struct cairn_buf enc = {0};
	uint8_t seed[SEED_SIZE], hmac[CAIRN_SHA256_SIZE], wrapped[CAIRN_EK_MODULUS];

	if (credential.len == 0 || credential.len > CAIRN_CREDENTIAL_MAX)
		return CAIRN_E_USAGE;
	bool good = RAND_priv_bytes(seed, sizeof(seed)) == 1 && oaep(wrapped, ek, seed) &&
		    encrypt(&enc, seed, ak_name, credential) && seal(hmac, seed, &enc, ak_name);
	OPENSSL_cleanse(seed, sizeof(seed));
	if (!good)
		return CAIRN_E_CRYPTO;
	cairn_buf_add_u16be(id_object, (uint16_t)(2 + sizeof(hmac) + enc.len));
	cairn_buf_add_u16be(id_object, sizeof(hmac));
	cairn_buf_add(id_object, cairn_span(hmac, sizeof(hmac)));
	cairn_buf_add(id_object, cairn_buf_span(&enc));
	cairn_buf_add_u16be(secret, sizeof(wrapped));
	cairn_buf_add(secret, cairn_span(wrapped, sizeof(wrapped)));
	enum cairn_status s = cairn_buf_status(id_object);
	return s == CAIRN_OK ? cairn_buf_status(secret) : s;
}
