# Loading oneDNN, OpenMP, OpenSSL and the compressors takes longer than the rest of a start, and few runs use them: the
# program binds their functions at the first call. The entry points are written for x86-64; elsewhere the libraries are
# linked as usual.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND NOT HISS_SANITIZE)
  set(lazy_libraries)
  foreach(name dnnl crypto bz2 lzma z gmp png16)
    find_library(lazy_${name} ${name} REQUIRED)
    list(APPEND lazy_libraries ${lazy_${name}})
  endforeach()
  set(lazy_entries ${CMAKE_BINARY_DIR}/generated/lazy_entries.cpp)
  set(lazy_script ${CMAKE_SOURCE_DIR}/cmake/lazy_libraries.py)
  set(lazy_archives hiss_bind hiss_engine hiss_runtime hiss_base)
  list(TRANSFORM lazy_archives REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE lazy_archive_files)
  add_custom_command(
    OUTPUT ${lazy_entries}
    COMMAND python3 ${lazy_script} --nm ${CMAKE_NM} --output ${lazy_entries} --archives ${lazy_archive_files}
            --libraries ${lazy_libraries} ${OpenMP_gomp_LIBRARY}
    DEPENDS ${lazy_archives} ${lazy_script}
    COMMENT "Writing entry points of libraries that are loaded when needed")
  target_sources(hiss PRIVATE ${lazy_entries})
  # The names are resolved before the linker sees the libraries, so that it finds no need for them.
  target_link_options(hiss PRIVATE -Wl,--as-needed)
endif()
