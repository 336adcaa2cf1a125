//! Graphics processors through a library that is loaded at run time: a stand-in that the C compiler makes here.
#![cfg(target_os = "linux")]

use botserver_llm::Nvidia;
use botserver_tests::nvml;
use botstate::gpu::{Gpu, Gpus as _};

#[test]
fn what_the_driver_tells_is_read_through_its_library() {
    let folder = tempfile::tempdir().unwrap();
    let library = nvml::build(folder.path()).unwrap();
    let gpus = Nvidia::new(Some(library));

    let inventory = gpus.read();

    assert_eq!(inventory.driver.as_deref(), Some("570.00.1"));
    assert_eq!(inventory.cuda.as_deref(), Some("12.8"));
    assert_eq!(inventory.note, None);
    assert_eq!(
        inventory.gpus,
        [
            Gpu {
                index: 0,
                uuid: Some("GPU-0".to_owned()),
                name: Some("Stand-in 9000".to_owned()),
                memory_total_bytes: Some(8 << 30),
                memory_used_bytes: Some(3 << 30),
                utilization: Some(0.42),
                temperature_celsius: Some(55),
                power_watts: Some(123.5),
            },
            Gpu {
                index: 1,
                uuid: Some("GPU-1".to_owned()),
                name: Some("Stand-in 9000".to_owned()),
                memory_total_bytes: Some(8 << 30),
                memory_used_bytes: Some(3 << 30),
                // The second one does not tell how busy it is, as a processor that is cut into parts does not.
                utilization: None,
                temperature_celsius: Some(55),
                power_watts: Some(123.5),
            },
        ]
    );
    assert_eq!(gpus.read(), inventory, "the library stays open");
}

#[test]
fn without_the_library_there_are_none_and_a_sentence_says_so() {
    let inventory = Nvidia::new(Some("/nowhere/libnvidia-ml.so".into())).read();

    assert!(inventory.gpus.is_empty() && inventory.driver.is_none());
    let note = inventory.note.unwrap();
    assert!(note.starts_with("/nowhere/libnvidia-ml.so cannot be used: "), "{note}");
}

#[test]
fn a_look_at_this_machine_never_fails() {
    let inventory = Nvidia::new(None).read();

    println!("{inventory:#?}");
    assert!(!inventory.gpus.is_empty() || inventory.note.is_some(), "{inventory:?}");
}
