/*
 * Memory handed to the caller. One block carries everything nested in it, as PeerFreeData takes only the outer pointer;
 * what the caller has not given back is counted.
 */
#ifndef SIM_BLOCKS_H
#define SIM_BLOCKS_H

#include "../common/text.h"
#include "p2p_abi.h"

/* A zeroed block, not yet handed out. */
void *block_new(size_t size);
/* Zeroed memory that goes with `block`. */
void *block_part(void *block, size_t size);
c16 *block_text(void *block, const c16 *text);
BYTE *block_bytes(void *block, const void *bytes, size_t count);
/* Makes `other` a part of `block`. */
void block_adopt(void *block, void *other);
/* From here on the caller owns it. */
void *block_hand_out(void *block);
/* Frees a block that was never handed out. NULL is fine. */
void block_drop(void *block);
int32_t blocks_handed_out(void);
/* PeerFreeData. Aborts for what is no block or was freed before. */
void block_give_back(void *block);

#endif
