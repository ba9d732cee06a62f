/* HPEERENUM. */
#include "model.h"

listing *listing_new(void) { return calloc(1, sizeof(listing)); }

void listing_add(listing *l, void *item) {
  if (l->count == l->room) {
    l->room = l->room * 2 + 8;
    l->items = realloc(l->items, l->room * sizeof *l->items);
  }
  l->items[l->count++] = item;
}

HRESULT listing_hand_out(listing *l, void **handle) {
  *handle = handle_open(LISTING_HANDLE, l);
  return S_OK;
}

void *name_pair(const c16 *name, const c16 *friendly_name) {
  PEER_NAME_PAIR *pair = block_new(sizeof *pair);
  pair->dwSize = sizeof *pair;
  pair->pwzPeerName = block_text(pair, name);
  pair->pwzFriendlyName = block_text(pair, friendly_name);
  return pair;
}

API HRESULT WAPI PeerGetItemCount(void *handle, ULONG *count) {
  HRESULT hr = enter("PeerGetItemCount");
  listing *l = handle_object(LISTING_HANDLE, handle);
  if (hr != S_OK) return leave(hr);
  if (l == NULL || count == NULL) return leave(E_INVALIDARG);
  *count = l->count;
  return leave(S_OK);
}

API HRESULT WAPI PeerGetNextItem(void *handle, ULONG *count, void ***items) {
  HRESULT hr = enter("PeerGetNextItem");
  listing *l = handle_object(LISTING_HANDLE, handle);
  if (hr != S_OK) return leave(hr);
  if (l == NULL || count == NULL || items == NULL || *count == 0) return leave(E_INVALIDARG);
  ULONG left = l->count - l->next;
  if (*count > left) *count = left;
  void **array = block_new(*count * sizeof *array);
  for (ULONG i = 0; i < *count; i++) {
    array[i] = l->items[l->next++];
    block_adopt(array, array[i]);
  }
  *items = block_hand_out(array);
  return leave(S_OK);
}

API HRESULT WAPI PeerEndEnumeration(void *handle) {
  HRESULT hr = enter_releasing("PeerEndEnumeration");
  listing *l = handle_close(LISTING_HANDLE, handle);
  if (l == NULL) return leave((HRESULT)handle_refuse_close(handle, (uint32_t)E_INVALIDARG));
  while (l->next < l->count) block_drop(l->items[l->next++]);
  free(l->items);
  free(l);
  return leave(hr);
}

API void WAPI PeerFreeData(void *data) {
  enter_releasing("PeerFreeData");
  block_give_back(data);
  leave(S_OK);
}
