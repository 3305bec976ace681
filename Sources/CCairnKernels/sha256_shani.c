#include "sha256_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define SHANI __attribute__((target("sha,ssse3,sse4.1")))
#define SHANI_INLINE static inline __attribute__((always_inline, target("sha,ssse3,sse4.1")))

// One message: the state as the instructions want it (words ABEF and CDGH, A highest) and the
// message schedule, four words a register.
typedef struct {
  __m128i abef, cdgh, abef_before, cdgh_before, w[4];
} stream;

SHANI_INLINE stream load(const cairn_sha256_lanes *lanes, uint8_t lane) {
  stream s;
  int x[8];
  for (int r = 0; r < 8; r++) x[r] = (int)lanes->state[r][lane];
  s.abef = _mm_set_epi32(x[0], x[1], x[4], x[5]);
  s.cdgh = _mm_set_epi32(x[2], x[3], x[6], x[7]);
  return s;
}

SHANI_INLINE void store(const stream *s, cairn_sha256_lanes *lanes, uint8_t lane) {
  lanes->state[0][lane] = (uint32_t)_mm_extract_epi32(s->abef, 3);
  lanes->state[1][lane] = (uint32_t)_mm_extract_epi32(s->abef, 2);
  lanes->state[2][lane] = (uint32_t)_mm_extract_epi32(s->cdgh, 3);
  lanes->state[3][lane] = (uint32_t)_mm_extract_epi32(s->cdgh, 2);
  lanes->state[4][lane] = (uint32_t)_mm_extract_epi32(s->abef, 1);
  lanes->state[5][lane] = (uint32_t)_mm_extract_epi32(s->abef, 0);
  lanes->state[6][lane] = (uint32_t)_mm_extract_epi32(s->cdgh, 1);
  lanes->state[7][lane] = (uint32_t)_mm_extract_epi32(s->cdgh, 0);
}

// Four rounds; `quad` counts them from 0 to 15.
SHANI_INLINE void rounds(stream *s, const uint8_t *block, int quad) {
  const int i = quad & 3;
  if (quad < 4) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    s->w[i] =
        _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * i)), swap);
  } else {
    const __m128i w1 = s->w[(i + 1) & 3], w2 = s->w[(i + 2) & 3], w3 = s->w[(i + 3) & 3];
    s->w[i] = _mm_sha256msg2_epu32(
        _mm_add_epi32(_mm_sha256msg1_epu32(s->w[i], w1), _mm_alignr_epi8(w3, w2, 4)), w3);
  }
  const __m128i k = _mm_load_si128((const __m128i *)(cairn_sha256_constants + 4 * quad));
  const __m128i wk = _mm_add_epi32(s->w[i], k);
  s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
  s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

SHANI_INLINE void begin(stream *s) { s->abef_before = s->abef, s->cdgh_before = s->cdgh; }

SHANI_INLINE void finish(stream *s) {
  s->abef = _mm_add_epi32(s->abef, s->abef_before);
  s->cdgh = _mm_add_epi32(s->cdgh, s->cdgh_before);
}

SHANI static void compress_one(cairn_sha256_lanes *lanes, uint8_t lane, size_t block_count) {
  stream s = load(lanes, lane);
  const uint8_t *block = lanes->at[lane];
  for (; block_count > 0; block_count--, block += CAIRN_SHA256_BLOCK) {
    begin(&s);
#pragma unroll
    for (int quad = 0; quad < 16; quad++) rounds(&s, block, quad);
    finish(&s);
  }
  store(&s, lanes, lane);
}

// The rounds of one message wait for each other; a second one fills the gaps.
SHANI static void compress_two(cairn_sha256_lanes *lanes, uint8_t lane_a, uint8_t lane_b,
                               size_t block_count) {
  stream a = load(lanes, lane_a), b = load(lanes, lane_b);
  const uint8_t *block_a = lanes->at[lane_a], *block_b = lanes->at[lane_b];
  for (; block_count > 0; block_count--) {
    begin(&a);
    begin(&b);
#pragma unroll
    for (int quad = 0; quad < 16; quad++) {
      rounds(&a, block_a, quad);
      rounds(&b, block_b, quad);
    }
    finish(&a);
    finish(&b);
    block_a += CAIRN_SHA256_BLOCK;
    block_b += CAIRN_SHA256_BLOCK;
  }
  store(&a, lanes, lane_a);
  store(&b, lanes, lane_b);
}

void cairn_sha256_compress_shani(cairn_sha256_lanes *lanes, const uint8_t *active,
                                 size_t active_count, size_t block_count) {
  size_t i = 0;
  for (; i + 1 < active_count; i += 2) compress_two(lanes, active[i], active[i + 1], block_count);
  if (i < active_count) compress_one(lanes, active[i], block_count);
}
#endif
