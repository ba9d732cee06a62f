/*
 * Keys on Linux: the simulator runs inside Node, whose executable exports OpenSSL. The few functions are declared here,
 * as there need be no OpenSSL headers on the machine.
 */
#ifndef _WIN32
#include "model.h"

typedef struct evp_pkey_st EVP_PKEY;
EVP_PKEY *EVP_PKEY_Q_keygen(void *context, const char *query, const char *type, ...);
int i2d_PrivateKey(const EVP_PKEY *key, unsigned char **der);
int i2d_PublicKey(const EVP_PKEY *key, unsigned char **der);
void EVP_PKEY_free(EVP_PKEY *key);
EVP_PKEY *d2i_AutoPrivateKey(EVP_PKEY **key, const unsigned char **der, long size);
uintptr_t SimCrypt_Open(EVP_PKEY *key);

c16 *generate_key(void) {
  EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
  unsigned char der[2048], *end = der;
  int size = i2d_PrivateKey(key, &end);
  EVP_PKEY_free(key);
  text_builder hex = {0};
  text_add_hex(&hex, der, (size_t)size);
  return hex.chars;
}

static EVP_PKEY *parsed(const c16 *hex) {
  unsigned char der[2048];
  const unsigned char *start = der;
  size_t size = text_unhex(hex, der, sizeof der);
  return d2i_AutoPrivateKey(NULL, &start, (long)size);
}

size_t public_key(const c16 *hex, BYTE *der, size_t room) {
  EVP_PKEY *key = parsed(hex);
  unsigned char *end = der;
  int size = (size_t)i2d_PublicKey(key, NULL) <= room ? i2d_PublicKey(key, &end) : 0;
  EVP_PKEY_free(key);
  return (size_t)size;
}

uintptr_t open_provider(const c16 *hex) { return SimCrypt_Open(parsed(hex)); }
#endif
