/* Pictures in a zip or tar, or in a folder of tars (WebDataset's shards): unpacked once, beside the cache. */
#ifndef PD_DATA_READERS_ARCHIVE_H
#define PD_DATA_READERS_ARCHIVE_H

#include "data/dataset.h"

#include <stdbool.h>

/* By its ending: .zip, .tar, .tar.gz, .tgz, ... */
bool pd_archive_is(const char *name);

/* Whether a folder holds archives, and neither a folder nor an image beside them; not where there is none, or
 * none that we may read. PD_ERR_IO: that cannot be told. */
enum pd_status pd_archive_is_folder_of(const char *folder, bool *is, struct pd_error *err);

/* folder[size] becomes the folder that holds the unpacked files: of one archive, or of all in a folder, each
 * in a folder of its name. It is made at the first opening, for the owner alone, and made again when an
 * archive has changed. Where images have WebDataset's labels beside them ("0007.cls", or "label" or "cls" in
 * "0007.json"), the folder gets a metadata.csv of them. Fails as pd_unpack; PD_ERR_USAGE: no place for it. */
enum pd_status pd_archive_unpack(const char *path, const struct pd_data_request *request, char *folder,
                                 size_t size, struct pd_error *err);

#endif
