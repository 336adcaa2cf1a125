//! What the machine has: `/metrics` and `/api/system/gpus`.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{Access, Permission};
use botstate::gpu::{Gpus, Inventory};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Json, Routes, metrics, routes};

/// The machine, as far as the server was composed with somebody who looks at it.
#[derive(Clone, Default)]
pub(crate) struct Machine {
    pub(crate) gpus: Option<Arc<dyn Gpus>>,
}

/// The routes of this module.
pub(crate) fn routes(machine: Machine) -> Routes {
    let read = Access::Needs(Permission::MonitoringRead);
    Routes::new("monitoring")
        .route(read, routes!(show_metrics))
        .route(read, routes!(list_gpus))
        .with_state(machine)
}

impl Machine {
    async fn inventory(&self) -> Inventory {
        let note = |note: &str| Inventory {
            note: Some(note.to_owned()),
            ..Inventory::default()
        };
        let Some(gpus) = self.gpus.clone() else {
            return note("no graphics processors: this server was built without models");
        };
        // The driver is asked on a thread that may wait.
        match tokio::task::spawn_blocking(move || gpus.read()).await {
            Ok(inventory) => inventory,
            Err(_broken) => note("the driver of the graphics processors broke off"),
        }
    }
}

/// Everything measured, in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics",
    responses((status = 200, description = "Prometheus text format 0.0.4", body = String, content_type = "text/plain"))
)]
async fn show_metrics(State(machine): State<Machine>) -> Response {
    let mut text = metrics::render();
    if machine.gpus.is_some() {
        text.push_str(&series(&machine.inventory().await));
    }
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response()
}

/// A graphics processor. What its driver does not tell is absent.
#[derive(Debug, Serialize, ToSchema)]
struct GpuView {
    /// Its number at the driver, from 0; it may change with a restart.
    index: u32,
    /// Its id, which stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    /// What its maker calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Bytes of its memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_total_bytes: Option<u64>,
    /// Bytes of its memory in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_used_bytes: Option<u64>,
    /// How much of the last moment it was computing, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    utilization: Option<f64>,
    /// Its temperature in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_celsius: Option<u32>,
    /// What it draws, in watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    power_watts: Option<f64>,
}

/// The graphics processors of the machine that answers.
#[derive(Debug, Serialize, ToSchema)]
struct GpusView {
    /// The version of the driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    driver: Option<String>,
    /// The newest version of CUDA that the driver offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    cuda: Option<String>,
    /// Why there are none, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The processors in the driver's order.
    gpus: Vec<GpuView>,
}

impl From<Inventory> for GpusView {
    fn from(inventory: Inventory) -> Self {
        let view = |gpu: botstate::gpu::Gpu| GpuView {
            index: gpu.index,
            uuid: gpu.uuid,
            name: gpu.name,
            memory_total_bytes: gpu.memory_total_bytes,
            memory_used_bytes: gpu.memory_used_bytes,
            utilization: gpu.utilization,
            temperature_celsius: gpu.temperature_celsius,
            power_watts: gpu.power_watts,
        };
        Self {
            driver: inventory.driver,
            cuda: inventory.cuda,
            note: inventory.note,
            gpus: inventory.gpus.into_iter().map(view).collect(),
        }
    }
}

/// Lists the graphics processors of the machine that answers, and how busy they are.
#[utoipa::path(get, path = "/api/system/gpus", responses((status = 200, body = GpusView)))]
async fn list_gpus(State(machine): State<Machine>) -> Json<GpusView> {
    Json(machine.inventory().await.into())
}

/// One series of a processor: its name, its meaning, how it is read.
type Series = (&'static str, &'static str, fn(&botstate::gpu::Gpu) -> Option<f64>);

/// What is measured of each processor.
#[expect(
    clippy::cast_precision_loss,
    reason = "bytes of a memory are far below what a float counts exactly"
)]
const SERIES: [Series; 5] = [
    ("gpu_memory_total_bytes", "Memory of the graphics processor", |gpu| {
        gpu.memory_total_bytes.map(|bytes| bytes as f64)
    }),
    ("gpu_memory_used_bytes", "Memory in use", |gpu| {
        gpu.memory_used_bytes.map(|bytes| bytes as f64)
    }),
    (
        "gpu_utilization_ratio",
        "Share of the last moment spent computing",
        |gpu| gpu.utilization,
    ),
    ("gpu_temperature_celsius", "Temperature", |gpu| {
        gpu.temperature_celsius.map(f64::from)
    }),
    ("gpu_power_watts", "Power drawn", |gpu| gpu.power_watts),
];

/// The processors as series of Prometheus; nothing where there are none.
fn series(inventory: &Inventory) -> String {
    let mut text = String::new();
    for (name, help, read) in SERIES {
        let mut is_first = true;
        for gpu in &inventory.gpus {
            let Some(value) = read(gpu) else { continue };
            if is_first {
                is_first = false;
                // Writing to a text cannot fail.
                let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
            }
            let label = |text: &Option<String>| {
                let text = text.as_deref().unwrap_or_default();
                text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ")
            };
            let _ = writeln!(
                text,
                "{name}{{gpu=\"{}\",uuid=\"{}\",model=\"{}\"}} {value}",
                gpu.index,
                label(&gpu.uuid),
                label(&gpu.name)
            );
        }
    }
    text
}
