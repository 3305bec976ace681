#include "gear_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2")))

enum { LANES = 8, BLOCK = 16 };

typedef struct {
  __m256i p[4], q[4], hash, least;
} scan;

// Rolls four bytes into each lane's hash. In each half of `bytes` byte 4 * t + s is byte t of the
// half's lane s. The table words are looked up byte by byte, and put together by interleaving,
// which leaves the four lanes of each half in order.
AVX2_INLINE void roll(scan *s, __m256i bytes, int first_counted) {
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i low = _mm256_and_si256(bytes, nibble);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
  __m256i plane[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    plane[i] = _mm256_xor_si256(_mm256_shuffle_epi8(s->p[i], low),
                                _mm256_shuffle_epi8(s->q[i], high));
  }
  const __m256i a = _mm256_unpacklo_epi8(plane[0], plane[1]);
  const __m256i b = _mm256_unpackhi_epi8(plane[0], plane[1]);
  const __m256i c = _mm256_unpacklo_epi8(plane[2], plane[3]);
  const __m256i d = _mm256_unpackhi_epi8(plane[2], plane[3]);
  const __m256i gear[4] = {_mm256_unpacklo_epi16(a, c), _mm256_unpackhi_epi16(a, c),
                           _mm256_unpacklo_epi16(b, d), _mm256_unpackhi_epi16(b, d)};
#pragma unroll
  for (int t = 0; t < 4; t++) {
    s->hash = _mm256_xor_si256(_mm256_slli_epi32(s->hash, 1), gear[t]);
    if (t >= first_counted) s->least = _mm256_min_epu32(s->least, s->hash);
  }
}

// Sixteen bytes of each lane, interleaved as `roll` wants them: lanes 0–3 in the lower halves,
// 4–7 in the upper.
AVX2_INLINE void load_block(__m256i words[4], const uint8_t *const lane[LANES], size_t offset) {
  __m256i row[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const __m128i lower = _mm_loadu_si128((const __m128i *)(lane[i] + offset));
    const __m128i upper = _mm_loadu_si128((const __m128i *)(lane[i + 4] + offset));
    row[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(lower), upper, 1);
  }
  const __m256i even_low = _mm256_unpacklo_epi8(row[0], row[2]);
  const __m256i even_high = _mm256_unpackhi_epi8(row[0], row[2]);
  const __m256i odd_low = _mm256_unpacklo_epi8(row[1], row[3]);
  const __m256i odd_high = _mm256_unpackhi_epi8(row[1], row[3]);
  words[0] = _mm256_unpacklo_epi8(even_low, odd_low);
  words[1] = _mm256_unpackhi_epi8(even_low, odd_low);
  words[2] = _mm256_unpacklo_epi8(even_high, odd_high);
  words[3] = _mm256_unpackhi_epi8(even_high, odd_high);
}

// The lanes whose segment holds a hash below the threshold. Each lane reads byte_count bytes: its
// window of 32, then its segment. The position just behind the segment is examined as well.
AVX2 static unsigned scan_segments(const cairn_gear_tables *tables,
                                   const uint8_t *const lane[LANES], size_t byte_count,
                                   uint32_t threshold) {
  scan s;
  for (int i = 0; i < 4; i++) {
    s.p[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)tables->p_planes[i]));
    s.q[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)tables->q_planes[i]));
  }
  s.hash = _mm256_setzero_si256();
  s.least = _mm256_set1_epi32(-1);
  __m256i words[4];
  load_block(words, lane, 0);
#pragma unroll
  for (int i = 0; i < 4; i++) roll(&s, words[i], 4);
  load_block(words, lane, 16);
#pragma unroll
  for (int i = 0; i < 3; i++) roll(&s, words[i], 4);
  // The last byte of the window gives the first position.
  roll(&s, words[3], 3);
  for (size_t offset = 32; offset < byte_count; offset += BLOCK) {
    if (offset % 64 == 0) {
      // The next round of segments; a prefetch beyond the data is harmless.
      for (int i = 0; i < LANES; i++) {
        _mm_prefetch((const char *)((uintptr_t)lane[i] + offset + LANES * CAIRN_GEAR_SEGMENT),
                     _MM_HINT_T0);
      }
    }
    load_block(words, lane, offset);
#pragma unroll
    for (int i = 0; i < 4; i++) roll(&s, words[i], 0);
  }
  // There is no unsigned comparison: least < threshold unless max(least, threshold) is least.
  const __m256i limit = _mm256_set1_epi32((int)threshold);
  const __m256i not_below = _mm256_cmpeq_epi32(_mm256_max_epu32(s.least, limit), s.least);
  return ~(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(not_below)) & 0xff;
}

size_t cairn_gear_find_avx2(const cairn_gear_tables *tables, const uint8_t *data, size_t begin,
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
