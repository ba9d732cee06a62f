/* Record attributes and the search language over them. */
#include "model.h"
#include <stdio.h>

typedef struct { const c16 *at; } cursor;

static void skip_space(cursor *c) {
  while (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r') c->at++;
}

static int take(cursor *c, const char *literal) {
  const c16 *at = c->at;
  while (*literal != 0 && *at == (c16)*literal) at++, literal++;
  if (*literal != 0) return 0;
  c->at = at;
  return 1;
}

/* Characters up to `end`, as ASCII; 0 if they do not fit or never end. */
static int take_until(cursor *c, c16 end, char *text, size_t room) {
  size_t length = 0;
  while (*c->at != 0 && *c->at != end && length + 1 < room) text[length++] = (char)*c->at++;
  text[length] = 0;
  return *c->at == end;
}

static int take_quoted(cursor *c, const char *name, char *text, size_t room) {
  skip_space(c);
  if (!take(c, name) || !take(c, "=\"") || !take_until(c, '"', text, room)) return 0;
  c->at++;
  return 1;
}

static int is_name(const char *name) {
  static const char *const reserved[] = {"peerlastmodifiedby", "peercreatorid",  "peerlastmodificationtime",
                                         "peerrecordid",       "peerrecordtype", "peercreationtime"};
  size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  if (length == 0 || length > 40 || name[length] != 0) return 0;
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
    if (strcmp(name, reserved[i]) == 0) return 0;
  }
  return 1;
}

static int parse_int(const char *text, int64_t *value) {
  char rest;
  long long parsed;
  if (sscanf(text, "%lld%c", &parsed, &rest) != 1) return 0;
  *value = parsed;
  return 1;
}

/* Seconds since 1970 of a W3C date-time. */
static int parse_date(const char *text, int64_t *value) {
  int year, month, day, hour, minute, second, used = 0;
  if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &used) != 6 || used == 0) return 0;
  const char *zone = text + used;
  int zone_hour = 0, zone_minute = 0, end = 0;
  if (strcmp(zone, "Z") != 0) {
    if ((*zone != '+' && *zone != '-') || sscanf(zone + 1, "%2d:%2d%n", &zone_hour, &zone_minute, &end) != 2 || zone[1 + end] != 0) return 0;
  }
  int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
  int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
  int64_t shift = (zone_hour * 60 + zone_minute) * 60 * (*zone == '-' ? -1 : 1);
  *value = ((days * 24 + hour) * 60 + minute) * 60 + second - shift;
  return 1;
}

static int is_value(const char *type, const char *value) {
  int64_t number;
  if (strcmp(type, "string") == 0) return 1;
  if (strcmp(type, "int") == 0) return parse_int(value, &number);
  return strcmp(type, "date") == 0 && parse_date(value, &number);
}

typedef struct { char name[64], type[16], value[512]; } attribute;

static int take_attribute(cursor *c, attribute *a) {
  skip_space(c);
  return take(c, "<attribute ") && take_quoted(c, "name", a->name, sizeof a->name) &&
         take_quoted(c, "type", a->type, sizeof a->type) && take(c, ">") && take_until(c, '<', a->value, sizeof a->value) &&
         take(c, "</attribute>");
}

HRESULT check_attributes(const c16 *xml) {
  cursor c = {xml};
  attribute a;
  if (!take(&c, "<attributes>")) return take(&c, "<attributes/>") ? S_OK : PEER_E_INVALID_ATTRIBUTES;
  for (skip_space(&c); !take(&c, "</attributes>"); skip_space(&c)) {
    if (!take_attribute(&c, &a) || !is_name(a.name) || !is_value(a.type, a.value)) return PEER_E_INVALID_ATTRIBUTES;
  }
  return S_OK;
}

/* * and ? with backslash escapes. */
static int wild_match(const char *pattern, const char *text) {
  if (*pattern == '*') return wild_match(pattern + 1, text) || (*text != 0 && wild_match(pattern, text + 1));
  if (*pattern == 0) return *text == 0;
  if (*pattern == '?') return *text != 0 && wild_match(pattern + 1, text + 1);
  if (*pattern == '\\') pattern++;
  return *pattern == *text && wild_match(pattern + 1, text + 1);
}

static int has_bad_escape(const char *pattern) {
  for (; *pattern != 0; pattern++) {
    if (*pattern == '\\' && strchr("*?\\", *++pattern) == NULL) return 1;
  }
  return 0;
}

typedef enum { EQUAL, NOT_EQUAL, LESS, GREATER, LESS_OR_EQUAL, GREATER_OR_EQUAL, NO_COMPARISON } comparison;
static const char *const comparison_names[] = {"equal", "notequal", "less", "greater", "lessorequal", "greaterorequal"};

static int holds(comparison by, int64_t left, int64_t right) {
  switch (by) {
  case EQUAL: return left == right;
  case NOT_EQUAL: return left != right;
  case LESS: return left < right;
  case GREATER: return left > right;
  case LESS_OR_EQUAL: return left <= right;
  default: return left >= right;
  }
}

static int value_matches(const char *type, comparison by, const char *wanted, const char *value) {
  int64_t left, right;
  if (strcmp(type, "string") == 0) {
    int equal = wild_match(wanted, value);
    return by == EQUAL ? equal : by == NOT_EQUAL ? !equal : holds(by, strcmp(value, wanted), 0);
  }
  int (*parse)(const char *, int64_t *) = strcmp(type, "int") == 0 ? parse_int : parse_date;
  return parse(value, &left) && parse(wanted, &right) && holds(by, left, right);
}

static int clause_matches(const record *r, const attribute *wanted, comparison by) {
  if (strcmp(wanted->name, "peercreatorid") == 0) {
    char creator[256];
    cursor c = {r->creator};
    take_until(&c, 0, creator, sizeof creator);
    return value_matches(wanted->type, by, wanted->value, creator);
  }
  cursor c = {r->attributes};
  attribute a;
  if (c.at == NULL || !take(&c, "<attributes>")) return 0;
  while (take_attribute(&c, &a)) {
    int same = strcmp(a.name, wanted->name) == 0 && strcmp(a.type, wanted->type) == 0;
    if (same && value_matches(wanted->type, by, wanted->value, a.value)) return 1;
  }
  return 0;
}

/* One clause, <and> or <or>; `r` is NULL for looking at the form only. */
static HRESULT take_term(cursor *c, const record *r, int *matches) {
  skip_space(c);
  int is_and = take(c, "<and>");
  if (is_and || take(c, "<or>")) {
    int terms = 0, child = 0;
    *matches = is_and;
    for (skip_space(c); !take(c, is_and ? "</and>" : "</or>"); skip_space(c), terms++) {
      HRESULT hr = take_term(c, r, &child);
      if (hr != S_OK) return hr;
      *matches = is_and ? *matches && child : *matches || child;
    }
    return terms == 0 ? PEER_E_INVALID_SEARCH : S_OK;
  }
  attribute wanted;
  char name[20];
  comparison by = EQUAL;
  if (!take(c, "<clause ") || !take_quoted(c, "attrib", wanted.name, sizeof wanted.name) ||
      !take_quoted(c, "type", wanted.type, sizeof wanted.type) || !take_quoted(c, "compare", name, sizeof name) ||
      !take(c, ">") || !take_until(c, '<', wanted.value, sizeof wanted.value) || !take(c, "</clause>")) {
    return PEER_E_INVALID_SEARCH;
  }
  while (by < NO_COMPARISON && strcmp(comparison_names[by], name) != 0) by++;
  if (by == NO_COMPARISON || !is_value(wanted.type, wanted.value)) return PEER_E_INVALID_SEARCH;
  if (strcmp(wanted.type, "string") == 0 && has_bad_escape(wanted.value)) return E_INVALIDARG;
  *matches = r != NULL && clause_matches(r, &wanted, by);
  return S_OK;
}

HRESULT search_matches(const c16 *query, const record *r, int *matches) {
  cursor c = {query};
  if (!take(&c, "<peersearch>")) return PEER_E_INVALID_SEARCH;
  HRESULT hr = take_term(&c, r, matches);
  skip_space(&c);
  if (hr == S_OK && !(take(&c, "</peersearch>") && *c.at == 0)) return PEER_E_INVALID_SEARCH;
  return hr;
}
