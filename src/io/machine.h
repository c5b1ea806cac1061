/* What is left of this machine. */
#ifndef PD_IO_MACHINE_H
#define PD_IO_MACHINE_H

/* Bytes of memory that the process may still take: by the system, its control group (version 2) and its limit
 * on address space; INFINITY: nobody says. */
double pd_memory_free(void);

/* Bytes free on the disk of the folder, or of the nearest one above it that is there; INFINITY: nobody says.
 */
double pd_disk_free(const char *folder);

#endif
