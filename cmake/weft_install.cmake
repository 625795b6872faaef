# libweft.so, weft.h, weft.pc and the CMake package of the C client library. Included by
# client/CMakeLists.txt.
include(CMakePackageConfigHelpers)

add_library(weft_shared SHARED "${CMAKE_SOURCE_DIR}/cmake/libweft.c")
# The archive's objects are all taken, so that the public functions are there although nothing calls them.
target_link_libraries(weft_shared PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,weft_client>")
target_link_options(weft_shared PRIVATE "LINKER:--exclude-libs,libgcc.a" LINKER:-z,defs)
if(WEFT_SANITIZE) # the sanitizers' run-time is found in the program
    target_link_options(weft_shared PRIVATE LINKER:-z,undefs)
endif()
target_include_directories(weft_shared INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
set_target_properties(weft_shared PROPERTIES
    OUTPUT_NAME weft EXPORT_NAME weft
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

install(TARGETS weft_shared EXPORT weft_targets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${CMAKE_SOURCE_DIR}/client/include/weft.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT weft_targets NAMESPACE weft:: FILE weft-targets.cmake
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/weft")
configure_package_config_file("${CMAKE_SOURCE_DIR}/cmake/weft-config.cmake.in"
    "${CMAKE_BINARY_DIR}/weft-config.cmake" INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/weft")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/weft-config-version.cmake"
    COMPATIBILITY SameMajorVersion)
install(FILES "${CMAKE_BINARY_DIR}/weft-config.cmake" "${CMAKE_BINARY_DIR}/weft-config-version.cmake"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/weft")
configure_file("${CMAKE_SOURCE_DIR}/cmake/weft.pc.in" "${CMAKE_BINARY_DIR}/weft.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/weft.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
