# weft_add_module() and weft_add_kernel(): one library target per folder, kernels once per instruction set.

set(WEFT_ISA_LEVELS base)
set(WEFT_ISA_FLAGS_base -O3)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    list(APPEND WEFT_ISA_LEVELS avx2)
    set(WEFT_ISA_FLAGS_avx2 -O3 -mavx2 -mbmi -mbmi2 -mlzcnt -mpopcnt) # no -mfma: results stay bit-identical
endif()

# weft_add_module(NAME [DEPS modules...] [LIBS system libraries...] [SUBFOLDERS folders...] [EXCLUDE
# files...])
#
# The target weft_NAME from every *.c of the folder (and of the named subfolders). DEPS are other modules,
# LIBS short names of cmake/weft_dependencies.cmake. A folder without sources yet gives an INTERFACE target,
# so that others can name it. Files named *.isa.c are kernels: weft_add_kernel() is called for each.
function(weft_add_module name)
    cmake_parse_arguments(arg "" "" "DEPS;LIBS;SUBFOLDERS;EXCLUDE;GENERATED" ${ARGN})
    set(patterns "${CMAKE_CURRENT_SOURCE_DIR}/*.c")
    foreach(folder IN LISTS arg_SUBFOLDERS)
        list(APPEND patterns "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.c")
    endforeach()
    file(GLOB sources CONFIGURE_DEPENDS ${patterns})
    foreach(file IN LISTS arg_EXCLUDE)
        list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    endforeach()
    list(APPEND sources ${arg_GENERATED})
    set(kernels ${sources})
    list(FILTER kernels INCLUDE REGEX "\\.isa\\.c$")
    list(FILTER sources EXCLUDE REGEX "\\.isa\\.c$")
    weft_dependency_targets(libs ${arg_LIBS})
    list(TRANSFORM arg_DEPS PREPEND weft_ OUTPUT_VARIABLE deps)

    if(sources OR kernels)
        if(NOT sources) # a static library needs one source of its own
            file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/empty.c" "typedef int weft_${name}_empty;\n")
            set(sources "${CMAKE_CURRENT_BINARY_DIR}/empty.c")
        endif()
        add_library(weft_${name} STATIC ${sources})
        target_include_directories(weft_${name} PUBLIC "${CMAKE_SOURCE_DIR}")
        target_link_libraries(weft_${name} PUBLIC ${deps} ${libs})
    else()
        add_library(weft_${name} INTERFACE)
        target_include_directories(weft_${name} INTERFACE "${CMAKE_SOURCE_DIR}")
        target_link_libraries(weft_${name} INTERFACE ${deps} ${libs})
    endif()
    foreach(kernel IN LISTS kernels)
        weft_add_kernel(${name} "${kernel}")
    endforeach()

    file(RELATIVE_PATH folder "${CMAKE_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
    set_property(GLOBAL APPEND PROPERTY weft_modules ${name})
    list(JOIN arg_DEPS " " dep_names)
    set_property(GLOBAL APPEND_STRING PROPERTY weft_module_graph "${name} ${folder} ${dep_names}\n")
endfunction()

# weft_add_kernel(MODULE file.c): compile the file once per instruction-set level into the module's library,
# with WEFT_ISA set to base or avx2 (and WEFT_ISA_AVX2 defined for the latter), so that it can name its const
# table WEFT_CAT(weft_x_kernels_, WEFT_ISA). Everything else in the file must be static. On other machines
# than x86-64 only base exists: code that picks a table asks `#ifdef WEFT_HAVE_AVX2` first.
function(weft_add_kernel module file)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    get_target_property(sources weft_${module} SOURCES)
    list(REMOVE_ITEM sources "${file}")
    set_property(TARGET weft_${module} PROPERTY SOURCES ${sources})
    cmake_path(GET file STEM stem)
    foreach(isa IN LISTS WEFT_ISA_LEVELS)
        set(objects weft_${module}_${stem}_${isa})
        add_library(${objects} OBJECT "${file}")
        string(TOUPPER ${isa} upper)
        target_compile_definitions(${objects} PRIVATE WEFT_ISA=${isa} WEFT_ISA_${upper}=1)
        if(NOT WEFT_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL "Debug")
            set(flags ${WEFT_ISA_FLAGS_${isa}})
            list(REMOVE_ITEM flags -O3)
        else()
            set(flags ${WEFT_ISA_FLAGS_${isa}})
        endif()
        target_compile_options(${objects} PRIVATE ${flags})
        target_include_directories(${objects} PRIVATE "${CMAKE_SOURCE_DIR}")
        target_sources(weft_${module} PRIVATE $<TARGET_OBJECTS:${objects}>)
    endforeach()
endfunction()

# Called once after the last module: the target weft_all (every module, for tests and fuzz targets) and the
# file modules.txt that tools/arrows.py reads.
function(weft_finish_modules)
    get_property(modules GLOBAL PROPERTY weft_modules)
    list(TRANSFORM modules PREPEND weft_)
    add_library(weft_all INTERFACE)
    target_link_libraries(weft_all INTERFACE ${modules})
    get_property(graph GLOBAL PROPERTY weft_module_graph)
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/modules.txt" CONTENT "${graph}" @ONLY)
endfunction()
