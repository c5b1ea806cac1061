#include "data/readers.h"
enum pd_status pd_open_strokes(const struct pd_data_source *source, const struct pd_data_request *request,
                               struct pd_dataset *d, struct pd_error *err)
{
    (void)source;
    (void)request;
    (void)d;
    return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "strokes: not yet");
}
