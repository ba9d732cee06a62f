/* Linux only: the few functions of CryptoAPI that sign with an identity's key, by the OpenSSL inside Node. */
#ifndef _WIN32
#include "../p2p/p2p_abi.h"

typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_ctx_st EVP_MD_CTX;
int i2d_PublicKey(const EVP_PKEY *key, unsigned char **der);
void EVP_PKEY_free(EVP_PKEY *key);
EVP_MD_CTX *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(EVP_MD_CTX *context);
const void *EVP_sha256(void);
int EVP_DigestSignInit(EVP_MD_CTX *context, void **key_context, const void *digest, void *engine, EVP_PKEY *key);
int EVP_DigestSign(EVP_MD_CTX *context, unsigned char *signature, size_t *size, const unsigned char *data, size_t count);

/* A hash remembers what it is given: OpenSSL signs it in one go. */
typedef struct { EVP_PKEY *key; BYTE *data; size_t size; } hash;

static int32_t live;

API int32_t SimCrypt_Live(void) { return live; }

API uintptr_t SimCrypt_Open(EVP_PKEY *key) {
  live++;
  return (uintptr_t)key;
}

API BOOL CryptReleaseContext(uintptr_t provider, DWORD flags) {
  (void)flags;
  live--;
  EVP_PKEY_free((EVP_PKEY *)provider);
  return 1;
}

API BOOL CryptExportPublicKeyInfo(uintptr_t provider, DWORD spec, DWORD encoding, CERT_PUBLIC_KEY_INFO *info, DWORD *size) {
  static const char rsa[] = "1.2.840.113549.1.1.1";
  static const BYTE null_parameters[] = {5, 0};
  (void)spec, (void)encoding;
  DWORD key_size = (DWORD)i2d_PublicKey((EVP_PKEY *)provider, NULL);
  DWORD needed = sizeof *info + sizeof rsa + sizeof null_parameters + key_size;
  DWORD room = *size;
  *size = needed;
  if (info == NULL) return 1;
  if (room < needed) return 0;
  BYTE *at = (BYTE *)(info + 1);
  memset(info, 0, sizeof *info);
  info->Algorithm.pszObjId = memcpy(at, rsa, sizeof rsa);
  info->Algorithm.Parameters.cbData = sizeof null_parameters;
  info->Algorithm.Parameters.pbData = memcpy(at += sizeof rsa, null_parameters, sizeof null_parameters);
  info->PublicKey.cbData = key_size;
  info->PublicKey.pbData = at += sizeof null_parameters;
  i2d_PublicKey((EVP_PKEY *)provider, &at);
  return 1;
}

API BOOL CryptCreateHash(uintptr_t provider, DWORD algorithm, uintptr_t key, DWORD flags, uintptr_t *out) {
  (void)key, (void)flags;
  if (algorithm != 0x800c) return 0;
  hash *h = calloc(1, sizeof *h);
  h->key = (EVP_PKEY *)provider;
  live++;
  *out = (uintptr_t)h;
  return 1;
}

API BOOL CryptHashData(uintptr_t handle, const BYTE *data, DWORD count, DWORD flags) {
  hash *h = (hash *)handle;
  (void)flags;
  h->data = realloc(h->data, h->size + count + 1);
  memcpy(h->data + h->size, data, count);
  h->size += count;
  return 1;
}

API BOOL CryptSignHashW(uintptr_t handle, DWORD spec, const c16 *description, DWORD flags, BYTE *signature, DWORD *size) {
  hash *h = (hash *)handle;
  (void)spec, (void)description, (void)flags;
  unsigned char made[1024];
  size_t made_size = sizeof made;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int ok = EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, h->key) == 1 &&
           EVP_DigestSign(context, made, &made_size, h->data, h->size) == 1;
  EVP_MD_CTX_free(context);
  /* Lowest byte first, as CryptoAPI does. */
  for (size_t i = 0; ok && signature != NULL && i < made_size; i++) signature[i] = made[made_size - 1 - i];
  *size = (DWORD)made_size;
  return ok;
}

API BOOL CryptDestroyHash(uintptr_t handle) {
  hash *h = (hash *)handle;
  live--;
  free(h->data), free(h);
  return 1;
}
#endif
