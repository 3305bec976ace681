#include "cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdatomic.h>
#include <stdint.h>

// Register sets the operating system saves (XCR0): without them the instructions trap or, worse,
// lose their registers.
static uint64_t saved_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

static cairn_cpu ask(void) {
  cairn_cpu cpu = {false, false, false};
  uint32_t a, b, c, d, extended_b, unused;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return cpu;
  if (!__get_cpuid_count(7, 0, &a, &extended_b, &unused, &d)) return cpu;
  const bool ssse3 = c & (1u << 9), sse41 = c & (1u << 19), osxsave = c & (1u << 27);
  cpu.shani = (extended_b & (1u << 29)) && ssse3 && sse41;
  if (!osxsave) return cpu;
  const uint64_t saved = saved_state();
  const uint64_t sse_avx = 0x06, sse_avx_opmask_zmm = 0xe6;
  cpu.avx2 = (saved & sse_avx) == sse_avx && (c & (1u << 28)) && (extended_b & (1u << 5));
  cpu.avx512 = (saved & sse_avx_opmask_zmm) == sse_avx_opmask_zmm && cpu.avx2 &&
               (extended_b & (1u << 16)) && (extended_b & (1u << 30));
  return cpu;
}

cairn_cpu cairn_cpu_detect(void) {
  // Under a hypervisor each cpuid costs microseconds, so it is asked once. Two threads may both
  // ask; they get the same answer.
  static _Atomic unsigned known = 0;
  enum { ASKED = 1, AVX2 = 2, AVX512 = 4, SHANI = 8 };
  unsigned bits = atomic_load_explicit(&known, memory_order_relaxed);
  if (bits == 0) {
    const cairn_cpu cpu = ask();
    bits = ASKED | (cpu.avx2 ? AVX2 : 0) | (cpu.avx512 ? AVX512 : 0) | (cpu.shani ? SHANI : 0);
    atomic_store_explicit(&known, bits, memory_order_relaxed);
  }
  return (cairn_cpu){bits & AVX2, bits & AVX512, bits & SHANI};
}

#else

cairn_cpu cairn_cpu_detect(void) { return (cairn_cpu){false, false, false}; }

#endif
