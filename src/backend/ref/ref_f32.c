#define real         float
#define PD_REF_TABLE pd_ref_f32
#include "backend/ref/kernels.inc"
