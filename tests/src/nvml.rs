//! A stand-in for NVIDIA's management library: two processors, one of which does not tell how busy it is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;

const SOURCE: &str = r#"
#include <string.h>
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_t;
typedef struct { unsigned gpu, memory; } utilization_t;
static int devices[2];
static int text(char *out, unsigned size, const char *words) {
    if (strlen(words) + 1 > size) return 7;
    strcpy(out, words);
    return 0;
}
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int result) { return result ? "error" : "success"; }
int nvmlSystemGetDriverVersion(char *out, unsigned size) { return text(out, size, "570.00.1"); }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 12080; return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if (index > 1) return 2;
    *device = &devices[index];
    return 0;
}
int nvmlDeviceGetName(void *device, char *out, unsigned size) { return text(out, size, "Stand-in 9000"); }
int nvmlDeviceGetUUID(void *device, char *out, unsigned size) {
    return text(out, size, device == &devices[0] ? "GPU-0" : "GPU-1");
}
int nvmlDeviceGetMemoryInfo_v2(void *device, memory_t *memory) {
    memory->total = 8ULL << 30; memory->reserved = 0; memory->used = 3ULL << 30; memory->free = 5ULL << 30;
    return 0;
}
int nvmlDeviceGetUtilizationRates(void *device, utilization_t *rates) {
    if (device != &devices[0]) return 3;
    rates->gpu = 42; rates->memory = 7;
    return 0;
}
int nvmlDeviceGetTemperature(void *device, unsigned sensor, unsigned *celsius) { *celsius = 55; return 0; }
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) { *milliwatts = 123500; return 0; }
"#;

/// Makes the library in `folder` with the C compiler, which building the server needs as well.
///
/// # Errors
/// When there is no compiler, or it refuses.
pub fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let (source, library) = (folder.join("nvml.c"), folder.join("libnvidia-ml.so"));
    fs::write(&source, SOURCE)?;
    let status = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .status()?;
    ensure!(
        status.success(),
        "the C compiler refused the stand-in for NVIDIA's library"
    );
    Ok(library)
}
