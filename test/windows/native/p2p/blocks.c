#include "blocks.h"

#define MAGIC 0x70656572626c6f63ull

/* Precedes every block and every part of one. */
typedef struct header { uint64_t magic; struct header *parts, *next; } header;

static int32_t handed_out;

static header *header_of(void *block) { return (header *)block - 1; }

void *block_new(size_t size) {
  header *h = calloc(1, sizeof *h + (size > 0 ? size : 1));
  h->magic = MAGIC;
  return h + 1;
}

static void *attach(void *block, header *part) {
  header *h = header_of(block);
  part->next = h->parts;
  h->parts = part;
  return part + 1;
}

void *block_part(void *block, size_t size) { return attach(block, header_of(block_new(size))); }

c16 *block_text(void *block, const c16 *text) {
  return text == NULL ? NULL : (c16 *)block_bytes(block, text, text_size(text));
}

BYTE *block_bytes(void *block, const void *bytes, size_t count) {
  return count == 0 ? NULL : memcpy(block_part(block, count), bytes, count);
}

void block_adopt(void *block, void *other) { attach(block, header_of(other)); }

void *block_hand_out(void *block) {
  handed_out++;
  return block;
}

static void free_header(header *h) {
  while (h->parts != NULL) {
    header *next = h->parts->next;
    free_header(h->parts);
    h->parts = next;
  }
  h->magic = 0;
  free(h);
}

void block_drop(void *block) {
  if (block != NULL) free_header(header_of(block));
}

void block_give_back(void *block) {
  if (block == NULL) return;
  if (header_of(block)->magic != MAGIC) abort();
  handed_out--;
  block_drop(block);
}

int32_t blocks_handed_out(void) { return handed_out; }
