#include "sha256_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2")))

enum { LANES = 8 };

AVX2_INLINE __m256i add(__m256i a, __m256i b) { return _mm256_add_epi32(a, b); }
AVX2_INLINE __m256i xor3(__m256i a, __m256i b, __m256i c) {
  return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}
AVX2_INLINE __m256i rotate(__m256i x, int n) {
  return _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - n));
}

// Loads half a block of each lane (32 bytes) and turns eight rows of eight words into columns.
AVX2_INLINE void load_half(__m256i w[8], const uint8_t *const at[], size_t offset) {
  // Reverses the bytes of each word.
  const __m256i swap =
      _mm256_broadcastsi128_si256(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
  __m256i r[8], t[8];
#pragma unroll
  for (int i = 0; i < 8; i++) {
    r[i] = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(at[i] + offset)), swap);
  }
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma unroll
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    w[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
    w[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
  }
}

// Eight messages, one in each 32-bit lane.
AVX2 void cairn_sha256_compress_avx2(cairn_sha256_lanes *lanes, const uint8_t *active,
                                     size_t active_count, size_t block_count) {
  (void)active, (void)active_count;
  __m256i s[8], w[16];
#pragma unroll
  for (int r = 0; r < 8; r++) s[r] = _mm256_load_si256((const __m256i *)lanes->state[r]);
  for (size_t block = 0; block < block_count; block++) {
    load_half(w, lanes->at, block * CAIRN_SHA256_BLOCK);
    load_half(w + 8, lanes->at, block * CAIRN_SHA256_BLOCK + 32);
    __m256i a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
#pragma unroll
    for (int t = 0; t < 64; t++) {
      if (t >= 16) {
        const __m256i w2 = w[(t - 2) & 15], w15 = w[(t - 15) & 15];
        const __m256i late = xor3(rotate(w2, 17), rotate(w2, 19), _mm256_srli_epi32(w2, 10));
        const __m256i early = xor3(rotate(w15, 7), rotate(w15, 18), _mm256_srli_epi32(w15, 3));
        w[t & 15] = add(add(w[t & 15], w[(t - 7) & 15]), add(early, late));
      }
      const __m256i k = _mm256_set1_epi32((int)cairn_sha256_constants[t]);
      const __m256i sum_e = xor3(rotate(e, 6), rotate(e, 11), rotate(e, 25));
      const __m256i sum_a = xor3(rotate(a, 2), rotate(a, 13), rotate(a, 22));
      const __m256i choice = _mm256_xor_si256(g, _mm256_and_si256(e, _mm256_xor_si256(f, g)));
      const __m256i majority = _mm256_or_si256(_mm256_and_si256(a, b),
                                               _mm256_and_si256(c, _mm256_or_si256(a, b)));
      const __m256i t1 = add(add(add(h, k), w[t & 15]), add(sum_e, choice));
      h = g, g = f, f = e, e = add(d, t1);
      d = c, c = b, b = a, a = add(t1, add(sum_a, majority));
    }
    s[0] = add(s[0], a), s[1] = add(s[1], b), s[2] = add(s[2], c), s[3] = add(s[3], d);
    s[4] = add(s[4], e), s[5] = add(s[5], f), s[6] = add(s[6], g), s[7] = add(s[7], h);
  }
#pragma unroll
  for (int r = 0; r < 8; r++) _mm256_store_si256((__m256i *)lanes->state[r], s[r]);
}
#endif
