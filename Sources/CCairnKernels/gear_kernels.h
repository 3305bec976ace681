#pragma once
#include "cairn_gear.h"

typedef size_t (*cairn_gear_finder)(const cairn_gear_tables *tables, const uint8_t *data,
                                    size_t begin, size_t end, uint32_t threshold);

size_t cairn_gear_find_scalar(const cairn_gear_tables *, const uint8_t *, size_t, size_t, uint32_t);
#if defined(__x86_64__)
size_t cairn_gear_find_avx2(const cairn_gear_tables *, const uint8_t *, size_t, size_t, uint32_t);
size_t cairn_gear_find_avx512(const cairn_gear_tables *, const uint8_t *, size_t, size_t, uint32_t);
#endif

// New positions a lane examines in one go. A lane reads 32 bytes more, to fill its window: 576 was
// the best measured; shorter ones spend more on filling, longer ones look further past the cut.
enum { CAIRN_GEAR_SEGMENT = 576 - CAIRN_GEAR_WINDOW };

// The length of the segments for a scan of `left` positions over `lanes` lanes; lanes read
// segment + 32 bytes, a multiple of `block` (a power of two).
static inline size_t cairn_gear_segment(size_t left, size_t lanes, size_t block) {
  if (left >= lanes * CAIRN_GEAR_SEGMENT) return CAIRN_GEAR_SEGMENT;
  const size_t share = (left + lanes - 1) / lanes + CAIRN_GEAR_WINDOW;
  return ((share + block - 1) & ~(block - 1)) - CAIRN_GEAR_WINDOW;
}

// The first position for lane `lane`. Lanes that would pass the end move back and repeat what
// their neighbours do, so that nothing is read beyond the end.
static inline size_t cairn_gear_lane_begin(size_t at, size_t end, size_t lane, size_t segment) {
  const size_t begin = at + lane * segment, last = end - segment;
  return begin < last ? begin : last;
}
