/* common/version.h - the version of this program, as CMakeLists.txt has it. */
#ifndef WEFT_COMMON_VERSION_H
#define WEFT_COMMON_VERSION_H

#define WEFT_VERSION_TEXT "0.1.0"

#endif
