//! Graphics processors through NVIDIA's management library, which is loaded when somebody looks: a machine without it
//! has none, and nothing else is different there.

use std::path::PathBuf;

use botstate::gpu::{Gpu, Gpus, Inventory};
use nvml_wrapper::{
    Device, Nvml, cuda_driver_version_major, cuda_driver_version_minor, enum_wrappers::device::TemperatureSensor,
};
use parking_lot::Mutex;

/// Where the driver puts the library. The name without a number comes with the files for programmers only.
const LIBRARIES: [&str; 2] = ["libnvidia-ml.so.1", "libnvidia-ml.so"];

/// The graphics processors of this machine.
pub struct Nvidia {
    library: Option<PathBuf>,
    opened: Mutex<Option<Nvml>>,
}

impl Nvidia {
    /// Nothing is loaded yet. `library` is the file to load where it is not the driver's usual one.
    pub fn new(library: Option<PathBuf>) -> Self {
        Self {
            library,
            opened: Mutex::new(None),
        }
    }

    fn open(&self) -> Result<Nvml, String> {
        if let Some(library) = &self.library {
            return Nvml::builder()
                .lib_path(library.as_os_str())
                .init()
                .map_err(|error| format!("{} cannot be used: {error}", library.display()));
        }
        if cfg!(windows) {
            return Nvml::init().map_err(|error| told(&error));
        }
        let mut last = String::new();
        for library in LIBRARIES {
            match Nvml::builder().lib_path(library.as_ref()).init() {
                Ok(nvml) => return Ok(nvml),
                Err(error) => last = told(&error),
            }
        }
        Err(last)
    }
}

fn told(error: &nvml_wrapper::error::NvmlError) -> String {
    match error {
        nvml_wrapper::error::NvmlError::LibloadingError(_) => {
            "no graphics processors: NVIDIA's driver is not installed on this machine".to_owned()
        }
        error => format!("no graphics processors: NVIDIA's driver says: {error}"),
    }
}

impl Gpus for Nvidia {
    fn read(&self) -> Inventory {
        let mut opened = self.opened.lock();
        let nvml = match &mut *opened {
            Some(nvml) => nvml,
            none => match self.open() {
                Ok(nvml) => none.insert(nvml),
                Err(reason) => {
                    return Inventory {
                        note: Some(reason),
                        ..Inventory::default()
                    };
                }
            },
        };
        let count = nvml.device_count();
        let inventory = Inventory {
            driver: nvml.sys_driver_version().ok(),
            cuda: nvml.sys_cuda_driver_version().ok().map(|version| {
                let (major, minor) = (cuda_driver_version_major(version), cuda_driver_version_minor(version));
                format!("{major}.{minor}")
            }),
            note: match &count {
                Ok(0) => Some("no graphics processors: the driver of NVIDIA sees none".to_owned()),
                Ok(_) => None,
                Err(error) => Some(format!("the driver of NVIDIA does not tell its processors: {error}")),
            },
            gpus: (0..*count.as_ref().unwrap_or(&0))
                .map(|index| {
                    nvml.device_by_index(index).map_or_else(
                        |_| Gpu {
                            index,
                            ..Gpu::default()
                        },
                        |device| look(index, &device),
                    )
                })
                .collect(),
        };
        if count.is_err() {
            // The driver may have been replaced under us: the next look loads it again.
            *opened = None;
        }
        inventory
    }
}

fn look(index: u32, device: &Device<'_>) -> Gpu {
    let memory = device.memory_info().ok();
    Gpu {
        index,
        uuid: device.uuid().ok(),
        name: device.name().ok(),
        memory_total_bytes: memory.as_ref().map(|memory| memory.total),
        memory_used_bytes: memory.as_ref().map(|memory| memory.used),
        utilization: device
            .utilization_rates()
            .ok()
            .map(|rates| f64::from(rates.gpu) / 100.0),
        temperature_celsius: device.temperature(TemperatureSensor::Gpu).ok(),
        power_watts: device
            .power_usage()
            .ok()
            .map(|milliwatts| f64::from(milliwatts) / 1000.0),
    }
}

impl std::fmt::Debug for Nvidia {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nvidia")
            .field("library", &self.library)
            .finish_non_exhaustive()
    }
}
