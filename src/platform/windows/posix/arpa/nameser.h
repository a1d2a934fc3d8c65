#include "../resolv.h"
