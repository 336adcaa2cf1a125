//! The port to the machine's graphics processors: what there is, and how busy it is.

/// Looks at the graphics processors.
pub trait Gpus: Send + Sync + 'static {
    /// What there is now. It asks the driver, which takes some milliseconds: not to be called on a thread of the
    /// runtime.
    fn read(&self) -> Inventory;
}

/// The graphics processors of a machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    /// The version of the driver.
    pub driver: Option<String>,
    /// The newest version of CUDA that the driver offers.
    pub cuda: Option<String>,
    /// Why there are none, in a sentence.
    pub note: Option<String>,
    /// The processors in the driver's order.
    pub gpus: Vec<Gpu>,
}

/// A graphics processor. What it does not tell is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gpu {
    /// Its number at the driver, from 0; it may change with a restart.
    pub index: u32,
    /// Its id, which stays.
    pub uuid: Option<String>,
    /// What its maker calls it.
    pub name: Option<String>,
    /// Bytes of its memory.
    pub memory_total_bytes: Option<u64>,
    /// Bytes of its memory that are in use, by anybody.
    pub memory_used_bytes: Option<u64>,
    /// How much of the last moment it was computing, 0 to 1.
    pub utilization: Option<f64>,
    /// Its temperature in degrees Celsius.
    pub temperature_celsius: Option<u32>,
    /// What it draws, in watts.
    pub power_watts: Option<f64>,
}
