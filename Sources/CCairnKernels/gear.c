#include "cpu.h"
#include "gear_kernels.h"

bool cairn_gear_available(cairn_gear_kernel kernel) {
  switch (kernel) {
    case CAIRN_GEAR_SCALAR: return true;
    case CAIRN_GEAR_AVX2: return cairn_cpu_detect().avx2;
    case CAIRN_GEAR_AVX512: return cairn_cpu_detect().avx512;
    case CAIRN_GEAR_NEON: return false;
  }
  return false;
}

static uint32_t load_little_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
         (uint32_t)bytes[3] << 24;
}

void cairn_gear_prepare(cairn_gear_tables *tables, const uint8_t *secret) {
  for (int i = 0; i < 16; i++) {
    tables->p[i] = load_little_endian(secret + 4 * i);
    tables->q[i] = load_little_endian(secret + 64 + 4 * i);
    for (int plane = 0; plane < 4; plane++) {
      tables->p_planes[plane][i] = (uint8_t)(tables->p[i] >> (8 * plane));
      tables->q_planes[plane][i] = (uint8_t)(tables->q[i] >> (8 * plane));
    }
  }
}

static inline uint32_t gear(const cairn_gear_tables *tables, uint8_t byte) {
  return tables->p[byte & 15] ^ tables->q[byte >> 4];
}

size_t cairn_gear_find_scalar(const cairn_gear_tables *tables, const uint8_t *data, size_t begin,
                              size_t end, uint32_t threshold) {
  if (begin >= end) return end;
  uint32_t hash = 0;
  for (size_t i = begin - CAIRN_GEAR_WINDOW; i < begin - 1; i++) {
    hash = (hash << 1) ^ gear(tables, data[i]);
  }
  size_t at = begin;
  // Two bytes a turn: the second hash does not wait for the first.
  for (; at + 1 < end; at += 2) {
    const uint32_t g0 = gear(tables, data[at - 1]), g1 = gear(tables, data[at]);
    const uint32_t first = (hash << 1) ^ g0;
    hash = (hash << 2) ^ ((g0 << 1) ^ g1);
    if (first < threshold) return at;
    if (hash < threshold) return at + 1;
  }
  if (at < end && ((hash << 1) ^ gear(tables, data[at - 1])) < threshold) return at;
  return end;
}

size_t cairn_gear_find(cairn_gear_kernel kernel, const cairn_gear_tables *tables,
                       const uint8_t *data, size_t begin, size_t end, uint32_t threshold) {
  switch (kernel) {
#if defined(__x86_64__)
    case CAIRN_GEAR_AVX2: return cairn_gear_find_avx2(tables, data, begin, end, threshold);
    case CAIRN_GEAR_AVX512: return cairn_gear_find_avx512(tables, data, begin, end, threshold);
#endif
    default: return cairn_gear_find_scalar(tables, data, begin, end, threshold);
  }
}
