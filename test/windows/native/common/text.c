#include "text.h"

size_t text_length(const c16 *text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

int text_equal(const c16 *a, const c16 *b) {
  if (a == NULL || b == NULL) return a == b;
  while (*a != 0 && *a == *b) a++, b++;
  return *a == *b;
}

size_t text_size(const c16 *text) { return text == NULL ? 0 : (text_length(text) + 1) * sizeof(c16); }

c16 *text_copy(const c16 *text) {
  if (text == NULL) return NULL;
  c16 *copy = malloc(text_size(text));
  return memcpy(copy, text, text_size(text));
}

c16 *text_from(const char *ascii) {
  text_builder builder = {0};
  text_add_ascii(&builder, ascii);
  return builder.chars;
}

static int starts_with(const c16 *text, const char *part) {
  while (*part != 0 && *text == (c16)*part) text++, part++;
  return *part == 0;
}

const c16 *text_find(const c16 *text, const char *part) {
  for (; *text != 0; text++) {
    if (starts_with(text, part)) return text;
  }
  return NULL;
}

static void reserve(text_builder *builder, size_t more) {
  size_t needed = builder->length + more + 1;
  if (needed <= builder->room) return;
  builder->room = needed * 2;
  builder->chars = realloc(builder->chars, builder->room * sizeof(c16));
}

void text_add(text_builder *builder, const c16 *text, size_t length) {
  reserve(builder, length);
  memcpy(builder->chars + builder->length, text, length * sizeof(c16));
  builder->length += length;
  builder->chars[builder->length] = 0;
}

void text_add_ascii(text_builder *builder, const char *ascii) {
  size_t length = strlen(ascii);
  reserve(builder, length);
  for (size_t i = 0; i <= length; i++) builder->chars[builder->length + i] = (c16)(unsigned char)ascii[i];
  builder->length += length;
}

void text_add_element(text_builder *builder, const char *tag, const c16 *text) {
  if (text == NULL) return;
  text_add_ascii(builder, "<");
  text_add_ascii(builder, tag);
  text_add_ascii(builder, ">");
  text_add(builder, text, text_length(text));
  text_add_ascii(builder, "</");
  text_add_ascii(builder, tag);
  text_add_ascii(builder, ">");
}

void text_add_hex(text_builder *builder, const void *bytes, size_t count) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < count; i++) {
    uint8_t byte = ((const uint8_t *)bytes)[i];
    char pair[] = {digits[byte >> 4], digits[byte & 15], 0};
    text_add_ascii(builder, pair);
  }
}

c16 *text_element(const c16 *xml, const char *tag) {
  char open[64] = "<", close[64] = "</";
  strncat(strncat(open, tag, 50), ">", 2);
  strncat(strncat(close, tag, 50), ">", 2);
  const c16 *from = text_find(xml, open);
  if (from == NULL) return NULL;
  from += strlen(open);
  const c16 *to = text_find(from, close);
  if (to == NULL) return NULL;
  text_builder builder = {0};
  text_add(&builder, from, (size_t)(to - from));
  return builder.chars;
}

static int digit_of(c16 c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

size_t text_unhex(const c16 *digits, void *bytes, size_t room) {
  size_t count = 0;
  while (count < room && digit_of(digits[0]) >= 0 && digit_of(digits[1]) >= 0) {
    ((uint8_t *)bytes)[count++] = (uint8_t)(digit_of(digits[0]) << 4 | digit_of(digits[1]));
    digits += 2;
  }
  return count;
}
