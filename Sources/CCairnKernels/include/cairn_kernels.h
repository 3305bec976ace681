#pragma once
// Vectorised kernels with run-time dispatch. Every kernel of a family gives the same answers;
// they differ in speed and in the processors they run on.

#include "cairn_gear.h"
#include "cairn_sha256.h"
