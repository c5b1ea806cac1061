/* What stands in for readers of foreign files whose libraries were not there as paydirt was built. */
#include "base/library.h"
#include "data/images/image_format.h"
#include "data/labels/label_table_formats.h"

#define NO_DECODER(id)                                                                                       \
    PD_LIBRARY_MISSING(id)                                                                                   \
    pd_image_decoder *const pd_image_decode_##id = NULL;

#ifdef PD_WITHOUT_dcmj2pnm
NO_DECODER(dcmj2pnm)
#endif
#ifdef PD_WITHOUT_gif
NO_DECODER(gif)
#endif
#ifdef PD_WITHOUT_heif
NO_DECODER(heif)
#endif
#ifdef PD_WITHOUT_jpeg
NO_DECODER(jpeg)
#endif
#ifdef PD_WITHOUT_tiff
NO_DECODER(tiff)
#endif
#ifdef PD_WITHOUT_webp
NO_DECODER(webp)
#endif

#ifdef PD_WITHOUT_expat
PD_LIBRARY_MISSING(expat)

enum pd_status pd_label_parse_cvat(const struct pd_label_parse *p)
{
    return pd_without(PD_LIBRARY_expat, p->name, p->err);
}
#endif
