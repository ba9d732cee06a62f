/* NUL-terminated UTF-16. */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include "port.h"

size_t text_length(const c16 *text);
int text_equal(const c16 *a, const c16 *b);
/* Bytes with the terminator; 0 for NULL. */
size_t text_size(const c16 *text);
/* A copy for the simulator itself, NULL for NULL. */
c16 *text_copy(const c16 *text);
/* From ASCII. */
c16 *text_from(const char *ascii);
/* `at` and what follows, or NULL if `part` is not in `text`. */
const c16 *text_find(const c16 *text, const char *part);

/* A text that grows. Free `chars`. */
typedef struct { c16 *chars; size_t length, room; } text_builder;
void text_add(text_builder *builder, const c16 *text, size_t length);
void text_add_ascii(text_builder *builder, const char *ascii);
/* `<tag>text</tag>`, nothing for NULL. */
void text_add_element(text_builder *builder, const char *tag, const c16 *text);
void text_add_hex(text_builder *builder, const void *bytes, size_t count);

/* What is between `<tag>` and `</tag>`, as a copy; NULL if there is no such element. */
c16 *text_element(const c16 *xml, const char *tag);
/* Bytes from hex digits; answers how many. */
size_t text_unhex(const c16 *digits, void *bytes, size_t room);

#endif
