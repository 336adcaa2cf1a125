//! Graphics processors, as operators see them.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use botserver_tests::nvml;
use botserver_tests::process::{Setup, http_client};
use serde_json::{Value, json};

async fn get(url: &str) -> String {
    let request = http_client().unwrap().get(url).bearer_auth("scraper");
    let answer = request.send().await.unwrap().error_for_status().unwrap();
    answer.text().await.unwrap()
}

#[tokio::test]
async fn processors_are_listed_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    let library = nvml::build(folder.path()).unwrap();
    let server = Setup::new()
        .env("BOTSERVER_METRICS_TOKEN", "scraper")
        .env("BOTSERVER_NVML_LIBRARY", library.to_str().unwrap())
        .start()
        .await
        .unwrap();

    let list: Value = serde_json::from_str(&get(&format!("{}/api/system/gpus", server.url())).await).unwrap();
    let metrics = get(&format!("{}/metrics", server.url())).await;

    assert_eq!((&list["driver"], &list["cuda"]), (&json!("570.00.1"), &json!("12.8")));
    assert_eq!(
        list["gpus"][0],
        json!({
            "index": 0, "uuid": "GPU-0", "name": "Stand-in 9000", "memory_total_bytes": 8_589_934_592_u64,
            "memory_used_bytes": 3_221_225_472_u64, "utilization": 0.42, "temperature_celsius": 55, "power_watts": 123.5,
        })
    );
    assert_eq!(list["gpus"].as_array().unwrap().len(), 2);
    let labels = |number: u8| format!("{{gpu=\"{number}\",uuid=\"GPU-{number}\",model=\"Stand-in 9000\"}}");
    for expected in [
        format!("gpu_memory_used_bytes{} 3221225472\n", labels(1)),
        format!("gpu_utilization_ratio{} 0.42\n", labels(0)),
        "# TYPE gpu_power_watts gauge\n".to_owned(),
    ] {
        assert!(metrics.contains(&expected), "{expected} in {metrics}");
    }
    assert!(
        !metrics.contains(&format!("gpu_utilization_ratio{}", labels(1))),
        "it does not tell"
    );
}

#[tokio::test]
async fn a_machine_without_processors_says_so() {
    let server = Setup::new()
        .env("BOTSERVER_METRICS_TOKEN", "scraper")
        .env("BOTSERVER_NVML_LIBRARY", "/nowhere/libnvidia-ml.so")
        .start()
        .await
        .unwrap();

    let list: Value = serde_json::from_str(&get(&format!("{}/api/system/gpus", server.url())).await).unwrap();
    let metrics = get(&format!("{}/metrics", server.url())).await;

    assert_eq!(list["gpus"], json!([]));
    let note = list["note"].as_str().unwrap();
    assert!(note.starts_with("/nowhere/libnvidia-ml.so cannot be used"), "{note}");
    assert!(!metrics.contains("gpu_"), "{metrics}");
}
