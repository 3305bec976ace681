#include "gear_kernels.h"

#if defined(__x86_64__)
#include "transpose_avx512.h"

enum { LANES = 16, BLOCK = 64 };

typedef struct {
  __m512i p, q, hash, least;
} scan;

// Rolls the four bytes of each lane's word into its hash. The permutation looks at the low four
// bits of its index only, so the nibbles need no masking.
CAIRN_AVX512_INLINE void roll(scan *s, __m512i word, int first_counted) {
#pragma unroll
  for (int byte = 0; byte < 4; byte++) {
    const __m512i low = byte == 0 ? word : _mm512_srli_epi32(word, 8 * byte);
    const __m512i high = _mm512_srli_epi32(word, 8 * byte + 4);
    const __m512i p = _mm512_permutexvar_epi32(low, s->p);
    const __m512i q = _mm512_permutexvar_epi32(high, s->q);
    s->hash = _mm512_ternarylogic_epi32(_mm512_slli_epi32(s->hash, 1), p, q, 0x96);
    if (byte >= first_counted) s->least = _mm512_min_epu32(s->least, s->hash);
  }
}

CAIRN_AVX512_INLINE void load_block(__m512i words[16], const uint8_t *const lane[LANES],
                                    size_t offset) {
#pragma unroll
  for (int i = 0; i < LANES; i++) {
    words[i] = _mm512_loadu_si512(lane[i] + offset);
    // The same block of the next round of segments; a prefetch beyond the data is harmless.
    _mm_prefetch((const char *)((uintptr_t)lane[i] + offset + LANES * CAIRN_GEAR_SEGMENT),
                 _MM_HINT_T0);
  }
  cairn_transpose_16x16(words);
}

// The lanes whose segment holds a hash below the threshold. Each lane reads byte_count bytes: its
// window of 32, then its segment. The position just behind the segment is examined as well.
CAIRN_AVX512 static __mmask16 scan_segments(const cairn_gear_tables *tables,
                                            const uint8_t *const lane[LANES], size_t byte_count,
                                            uint32_t threshold) {
  scan s = {_mm512_loadu_si512(tables->p), _mm512_loadu_si512(tables->q), _mm512_setzero_si512(),
            _mm512_set1_epi32(-1)};
  __m512i words[16];
  load_block(words, lane, 0);
#pragma unroll
  for (int i = 0; i < 7; i++) roll(&s, words[i], 4);
  // The last byte of the window gives the first position.
  roll(&s, words[7], 3);
#pragma unroll
  for (int i = 8; i < 16; i++) roll(&s, words[i], 0);
  for (size_t offset = BLOCK; offset < byte_count; offset += BLOCK) {
    load_block(words, lane, offset);
#pragma unroll
    for (int i = 0; i < 16; i++) roll(&s, words[i], 0);
  }
  return _mm512_cmplt_epu32_mask(s.least, _mm512_set1_epi32((int)threshold));
}

size_t cairn_gear_find_avx512(const cairn_gear_tables *tables, const uint8_t *data, size_t begin,
                              size_t end, uint32_t threshold) {
  size_t at = begin;
  // Below a few hundred positions the scalar scan is done before the lanes are set up.
  while (at < end && end - at >= 256) {
    const size_t left = end - at, segment = cairn_gear_segment(left, LANES, BLOCK);
    const uint8_t *lane[LANES];
    for (size_t i = 0; i < LANES; i++) {
      lane[i] = data + cairn_gear_lane_begin(at, end, i, segment) - CAIRN_GEAR_WINDOW;
    }
    unsigned hits = scan_segments(tables, lane, segment + CAIRN_GEAR_WINDOW, threshold);
    for (; hits != 0; hits &= hits - 1) {
      const size_t first =
          cairn_gear_lane_begin(at, end, (size_t)__builtin_ctz(hits), segment);
      const size_t cut =
          cairn_gear_find_scalar(tables, data, first, first + segment, threshold);
      if (cut != first + segment) return cut;
    }
    at += left < LANES * segment ? left : LANES * segment;
  }
  return cairn_gear_find_scalar(tables, data, at, end, threshold);
}
#endif
