#include "cairn_system.h"
