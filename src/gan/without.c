/* What stands in for files of this folder whose libraries were not there as paydirt was built. */
#include "base/library.h"

#include <paydirt/onnx.h>

#ifdef PD_WITHOUT_protobuf
PD_LIBRARY_MISSING(protobuf)

enum pd_status pd_generator_write_onnx(struct pd_gan *gan, const struct pd_onnx_meta *meta, int count,
                                       const char *path, struct pd_error *err)
{
    (void)gan, (void)meta, (void)count;
    return pd_without(PD_LIBRARY_protobuf, path, err);
}

enum pd_status pd_discriminator_write_onnx(struct pd_gan *gan, enum pd_origin origin,
                                           const struct pd_onnx_meta *meta, int count, const char *path,
                                           struct pd_error *err)
{
    (void)gan, (void)origin, (void)meta, (void)count;
    return pd_without(PD_LIBRARY_protobuf, path, err);
}
#endif
