#define real         double
#define PD_REF_TABLE pd_ref_f64
#include "backend/ref/kernels.inc"
