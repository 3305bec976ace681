#pragma once
#include <stdbool.h>

// What the processor has and the operating system saves across context switches. All false where
// the kernels don't apply.
typedef struct cairn_cpu {
  bool avx2;
  // AVX-512 F and BW.
  bool avx512;
  // The SHA extensions with SSSE3 and SSE4.1.
  bool shani;
} cairn_cpu;

cairn_cpu cairn_cpu_detect(void);
