/* Keys on Windows: CryptoAPI itself, in contexts that leave nothing behind. */
#ifdef _WIN32
#include "model.h"
#include <wincrypt.h>

static HCRYPTPROV new_context(void) {
  HCRYPTPROV provider = 0;
  CryptAcquireContextW(&provider, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT);
  return provider;
}

c16 *generate_key(void) {
  HCRYPTPROV provider = new_context();
  HCRYPTKEY key;
  BYTE blob[4096];
  DWORD size = sizeof blob;
  text_builder hex = {0};
  if (!CryptGenKey(provider, AT_KEYEXCHANGE, (1024u << 16) | CRYPT_EXPORTABLE, &key) ||
      !CryptExportKey(key, 0, PRIVATEKEYBLOB, 0, blob, &size)) {
    abort();
  }
  text_add_hex(&hex, blob, size);
  CryptDestroyKey(key);
  CryptReleaseContext(provider, 0);
  return hex.chars;
}

uintptr_t open_provider(const c16 *hex) {
  HCRYPTPROV provider = new_context();
  HCRYPTKEY key;
  BYTE blob[4096];
  DWORD size = (DWORD)text_unhex(hex, blob, sizeof blob);
  if (!CryptImportKey(provider, blob, size, 0, CRYPT_EXPORTABLE, &key)) {
    CryptReleaseContext(provider, 0);
    return 0;
  }
  CryptDestroyKey(key);
  return provider;
}

size_t public_key(const c16 *hex, BYTE *der, size_t room) {
  HCRYPTPROV provider = open_provider(hex);
  BYTE buffer[2048];
  CERT_PUBLIC_KEY_INFO *info = (CERT_PUBLIC_KEY_INFO *)buffer;
  DWORD size = sizeof buffer;
  size_t found = 0;
  if (CryptExportPublicKeyInfo(provider, AT_KEYEXCHANGE, X509_ASN_ENCODING, info, &size) && info->PublicKey.cbData <= room) {
    found = info->PublicKey.cbData;
    memcpy(der, info->PublicKey.pbData, found);
  }
  CryptReleaseContext(provider, 0);
  return found;
}
#endif
