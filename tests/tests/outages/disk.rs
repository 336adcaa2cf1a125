//! The disk of the database is full.

use std::path::{Path, PathBuf};
use std::process::Command;

use botserver_tests::client::Chat;
use botserver_tests::packages::Packages;
use botserver_tests::process::Setup;
use botserver_tests::skip;

use super::{ECHO, watch};

/// A disk of a few megabytes in memory, which only root may mount.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(folder.path());
        if mount.output().is_ok_and(|done| done.status.success()) {
            Some(Self { folder })
        } else {
            skip::skipped("a small disk cannot be mounted: run as root");
            None
        }
    }

    /// Fills what is left; the file to remove to make room again.
    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        let written = std::fs::write(&ballast, vec![1; 16 << 20]);
        assert!(written.is_err(), "the disk is larger than thought");
        ballast
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, since a server that is just being killed may still hold it.
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).output();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_messages_and_loses_none() {
    let Some(disk) = SmallDisk::mount() else { return };
    let packages = Packages::of_start("echo", ECHO);
    let database = format!("sqlite:{}", disk.path().join("small.db").display());
    let server = Setup::new()
        .bots(packages.path())
        .env("DATABASE_URL", database)
        .start()
        .await
        .unwrap();
    let (visitor, mut chat) = Chat::start(&server.url(), "echo").await.unwrap();
    watch::insist(&mut chat, "before", "before").await;

    let ballast = disk.fill();
    // The log of the database may have some room left in its file.
    let long = "x".repeat(60_000);
    let (mut refused, mut taken) = (None, Vec::new());
    for number in 0..200 {
        let id = format!("long-{number}");
        chat.send_as(&id, &long).await.unwrap();
        let end = watch::outcome(&mut chat, &id).await.unwrap();
        if end.kind.as_deref() == Some("error") {
            refused = Some((id, end));
            break;
        }
        taken.push(id);
    }
    let (id, frame) = refused.expect("a full disk refuses some message");
    let alive = watch::get(&server, "/health/live").await.0;
    std::fs::remove_file(ballast).unwrap();
    watch::insist(&mut chat, &id, "short").await;

    assert_eq!(frame.data.as_ref().unwrap()["status"], 503, "{frame:?}");
    assert_eq!(alive, 200);
    let said = watch::said(&visitor).await;
    assert_eq!(said.len(), 2 * (taken.len() + 2), "{} were taken", taken.len());
    assert_eq!(said.last().map(String::as_str), Some("echo short"));
    assert!(!server.log().contains("panicked"));
}
