#include "sha256_kernels.h"

#if defined(__x86_64__)
#include "transpose_avx512.h"

CAIRN_AVX512_INLINE __m512i add(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }

// a ^ b ^ c
CAIRN_AVX512_INLINE __m512i xor3(__m512i a, __m512i b, __m512i c) {
  return _mm512_ternarylogic_epi32(a, b, c, 0x96);
}

// Sixteen messages, one in each 32-bit lane.
CAIRN_AVX512 void cairn_sha256_compress_avx512(cairn_sha256_lanes *lanes, const uint8_t *active,
                                               size_t active_count, size_t block_count) {
  (void)active, (void)active_count;
  __m512i s[8], w[16];
#pragma unroll
  for (int r = 0; r < 8; r++) s[r] = _mm512_load_si512(lanes->state[r]);
  // Reverses the bytes of each word.
  const __m512i swap =
      _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
  for (size_t block = 0; block < block_count; block++) {
#pragma unroll
    for (int i = 0; i < 16; i++) {
      w[i] = _mm512_shuffle_epi8(
          _mm512_loadu_si512(lanes->at[i] + block * CAIRN_SHA256_BLOCK), swap);
    }
    cairn_transpose_16x16(w);
    __m512i a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
#pragma unroll
    for (int t = 0; t < 64; t++) {
      if (t >= 16) {
        const __m512i w2 = w[(t - 2) & 15], w15 = w[(t - 15) & 15];
        const __m512i late = xor3(_mm512_ror_epi32(w2, 17), _mm512_ror_epi32(w2, 19),
                                  _mm512_srli_epi32(w2, 10));
        const __m512i early = xor3(_mm512_ror_epi32(w15, 7), _mm512_ror_epi32(w15, 18),
                                   _mm512_srli_epi32(w15, 3));
        w[t & 15] = add(add(w[t & 15], w[(t - 7) & 15]), add(early, late));
      }
      const __m512i k = _mm512_set1_epi32((int)cairn_sha256_constants[t]);
      const __m512i sum_e = xor3(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11),
                                 _mm512_ror_epi32(e, 25));
      const __m512i sum_a = xor3(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13),
                                 _mm512_ror_epi32(a, 22));
      // 0xca chooses f or g by e; 0xe8 is the majority.
      const __m512i choice = _mm512_ternarylogic_epi32(e, f, g, 0xca);
      const __m512i majority = _mm512_ternarylogic_epi32(a, b, c, 0xe8);
      const __m512i t1 = add(add(add(h, k), w[t & 15]), add(sum_e, choice));
      h = g, g = f, f = e, e = add(d, t1);
      d = c, c = b, b = a, a = add(t1, add(sum_a, majority));
    }
    s[0] = add(s[0], a), s[1] = add(s[1], b), s[2] = add(s[2], c), s[3] = add(s[3], d);
    s[4] = add(s[4], e), s[5] = add(s[5], f), s[6] = add(s[6], g), s[7] = add(s[7], h);
  }
#pragma unroll
  for (int r = 0; r < 8; r++) _mm512_store_si512(lanes->state[r], s[r]);
}
#endif
