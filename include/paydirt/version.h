/* Which paydirt this is (semver.org; before 1.0 a minor version may break). The only place that says it. */
#ifndef PAYDIRT_VERSION_H
#define PAYDIRT_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

#define PD_VERSION_MAJOR 0
#define PD_VERSION_MINOR 1
#define PD_VERSION_PATCH 0

/* "0.1.0": of the library that the program runs with, which may be newer than its headers. */
const char *pd_version(void);

/* "0172af9": the commit that it was built of, with a + where files were not as committed; "": not known. */
const char *pd_commit(void);

#ifdef __cplusplus
}
#endif

#endif
