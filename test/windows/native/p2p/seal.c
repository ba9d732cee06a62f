/* The XML that the real system signs or encrypts is only guarded by a checksum here. */
#include "model.h"

/* FNV-1a over UTF-16. */
static uint64_t checksum(uint64_t sum, const c16 *text, size_t length) {
  for (size_t i = 0; i < length * sizeof(c16); i++) sum = (sum ^ ((const BYTE *)text)[i]) * 0x100000001b3ull;
  return sum;
}

static uint64_t guarded(const c16 *text, size_t length, const c16 *password) {
  uint64_t sum = checksum(0xcbf29ce484222325ull, text, length);
  return password == NULL ? sum : checksum(sum, password, text_length(password));
}

static void close_seal(text_builder *xml, const char *tag, uint64_t sum) {
  text_add_ascii(xml, "<SUM>");
  text_add_hex(xml, &sum, sizeof sum);
  text_add_ascii(xml, "</SUM></");
  text_add_ascii(xml, tag);
  text_add_ascii(xml, ">");
}

c16 *seal(const char *tag, text_builder *body, const c16 *password) {
  text_builder xml = {0};
  text_add_ascii(&xml, "<");
  text_add_ascii(&xml, tag);
  text_add_ascii(&xml, " VERSION=\"1.0\">");
  text_add(&xml, body->chars, body->length);
  close_seal(&xml, tag, guarded(xml.chars, xml.length, password));
  free(body->chars);
  return xml.chars;
}

int is_sealed(const c16 *xml, const char *tag, const c16 *password) {
  char start[64] = "<";
  strncat(strncat(start, tag, 40), " VERSION=\"1.0\">", 16);
  const c16 *sum = text_find(xml, "<SUM>");
  if (text_find(xml, start) != xml || sum == NULL) return 0;
  text_builder end = {0};
  close_seal(&end, tag, guarded(xml, (size_t)(sum - xml), password));
  int equal = text_equal(sum, end.chars);
  free(end.chars);
  return equal;
}

/* Gives `text`, which it takes over, to the caller of the API. */
HRESULT hand_out_text(c16 *text, c16 **out) {
  c16 *block = block_new(text_size(text));
  memcpy(block, text, text_size(text));
  free(text);
  *out = block_hand_out(block);
  return S_OK;
}
