//! The probe as one JSON document, and single values of it.

use serde_json::{Map, Value, json};
use sparkle_pm4::kmd::Heap;
use sparkle_pm4::kmd::discover::{Access, Container, DriDirectory, Finding};

use super::report::{Card, Node, Refusal, Report};

/// Name of the document's form.
pub const SCHEMA: &str = "sparkle-pm4/probe/1";

/// The document. Every key is there on every machine; what is unknown is null.
pub fn document(report: &Report) -> Value {
    let auto = &report.auto;
    json!({
        "schema": SCHEMA,
        "nodes": report.nodes.iter().map(node).collect::<Vec<_>>(),
        "host": host(report),
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "engines": {
            "gpu": { "available": report.gpus > 0, "forbidden": report.forbidden },
            "emu": match &report.software {
                Ok(card) => json!({ "available": true, "gfx_target": card.info.gfx_target }),
                Err(refusal) => unavailable(refusal),
            },
            "cpu": match &report.cpu {
                Ok(cpu) => json!({ "available": true, "isa": cpu.isa, "threads": cpu.threads }),
                Err(refusal) => unavailable(refusal),
            },
        },
        "auto": { "engine": auto.engine.name(), "node": auto.node, "reason": auto.reason },
    })
}

fn unavailable(refusal: &Refusal) -> Value {
    json!({ "available": false, "error": error(refusal) })
}

fn error(refusal: &Refusal) -> Value {
    json!({ "code": refusal.code, "message": refusal.what, "hint": refusal.next })
}

fn hex(value: impl Into<u64>) -> String {
    format!("{:#x}", value.into())
}

fn node(node: &Node) -> Value {
    let found = node.found.as_ref();
    let ids = found.and_then(|found| found.ids);
    let (access, errno) = match found.map(|found| &found.access) {
        None | Some(Access::Ok) => ("ok", None),
        Some(Access::Denied(denial)) => ("denied", Some(denial.errno)),
        Some(Access::Missing(errno)) => ("missing", Some(*errno)),
        Some(Access::Busy(errno)) => ("busy", Some(*errno)),
        Some(Access::Error(errno)) => ("error", Some(*errno)),
    };
    let mut map = object(json!({
        "path": found.map(|_| &node.name),
        "kind": node.kind(),
        "major": found.map(|found| found.major),
        "minor": found.map(|found| found.minor),
        "driver": match found {
            Some(found) => found.driver(),
            None => node.open().map(|card| card.version.driver.as_str()),
        },
        "emulated": node.open().map(|card| card.emulated),
        "driver_note": found.and_then(|found| found.note()),
        "access": access,
        "errno": errno.map(|errno| format!("{errno:?}")),
        "permission": node.permission.as_ref().map(|p| json!({
            "uid": p.uid,
            "owner": p.owner,
            "gid": p.gid,
            "group": p.group,
            "mode": format!("{:04o}", p.mode),
        })),
        "pci_address": node.pci(),
        "pci_vendor": ids.map(|ids| hex(ids.vendor)),
        "pci_device": ids.map(|ids| hex(ids.device)),
        "pci_revision": ids.and_then(|ids| ids.revision).map(hex),
        "boot_vga": found.and_then(|found| found.boot_vga),
        "usable": node.usable() || (found.is_none() && node.open().is_some_and(|card| card.kernels().is_ok())),
        "error": node.card.as_ref().and_then(|card| card.as_ref().err()).map(error),
    }));
    map.extend(object(chip(node.open())));
    map.extend(object(around(node.open())));
    Value::Object(map)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What only an open device answers: what it is and how it computes.
fn chip(card: Option<&Card>) -> Value {
    let info = card.map(|card| &card.info);
    let sensors = card.map(|card| card.sensors);
    let raw = info.map(|info| &info.raw);
    let khz = |khz: u64| khz.saturating_mul(1000);
    json!({
        "marketing_name": info.map(|i| i.marketing_name),
        "chip": info.map(|i| i.chip),
        "gfx_target": info.map(|i| &i.gfx_target),
        "apu": info.map(|i| i.is_apu),
        "kernels": card.map(|card| json!({
            "available": card.kernels().is_ok(),
            "reason": match card.kernels() { Ok(why) | Err(why) => why },
        })),
        "active_cus": info.map(|i| i.active_cus),
        "simds": card.and_then(Card::simds),
        "shader_engines": info.map(|i| i.shader_engines),
        "shader_arrays_per_engine": info.map(|i| i.shader_arrays_per_engine),
        "cus_per_shader_array": info.map(|i| i.cus_per_shader_array),
        "cu_masks": info.map(|i| (0..i.shader_engines.min(8)).map(|engine| {
            (0..i.shader_arrays_per_engine.min(2)).map(|array| i.cu_mask(engine, array).map(hex)).collect::<Vec<_>>()
        }).collect::<Vec<_>>()),
        "wave_lanes": info.map(|i| i.wave_lanes),
        "vgprs_per_simd": info.map(|i| i.vgprs_per_simd),
        "shader_clock": info.map(|i| json!({
            "min_hz": raw.map(|raw| khz(raw.min_engine_clock)),
            "max_hz": i.max_shader_hz,
            "now_hz": sensors.and_then(|s| s.shader_hz),
        })),
        "memory_clock": info.map(|i| json!({
            "min_hz": raw.map(|raw| khz(raw.min_memory_clock)),
            "max_hz": i.max_memory_hz,
            "now_hz": sensors.and_then(|s| s.memory_hz),
        })),
        "timestamp_hz": info.map(|i| i.timestamp_hz),
        "temperature_millicelsius": sensors.and_then(|s| s.temperature_mc),
        "load_percent": sensors.and_then(|s| s.load_percent),
        "power_w": sensors.and_then(|s| s.power_w),
        "family": info.map(|i| i.family),
        "external_revision": info.map(|i| hex(i.external_revision)),
    })
}

/// What only an open device answers: its memory, its driver and its connections.
fn around(card: Option<&Card>) -> Value {
    let info = card.map(|card| &card.info);
    let memory = card.and_then(|card| card.memory.as_ref());
    json!({
        "vram_type": info.map(|i| i.vram_type_name()),
        "vram_bus_bits": info.map(|i| i.vram_bits),
        "l2_channels": info.map(|i| i.l2_channels),
        "vram": memory.map(|m| heap(&m.vram)),
        "visible_vram": memory.map(|m| heap(&m.visible_vram)),
        "gtt": memory.map(|m| heap(&m.gtt)),
        "vram_lost_count": card.and_then(|card| card.vram_lost_count),
        "accel_working": card.and_then(|card| card.accel_working),
        "drm_version": card.map(|card| {
            let v = &card.version;
            format!("{}.{}.{}", v.major, v.minor, v.patch)
        }),
        "drm_date": card.map(|card| &card.version.date),
        "syncobj": card.map(|card| card.capabilities.syncobj),
        "syncobj_timeline": card.map(|card| card.capabilities.timeline),
        "rings": card.map(|card| {
            card.ips.iter().map(|(ip, engine)| {
                let (major, minor, revision) = engine.discovery;
                (ip.to_string(), json!({
                    "count": engine.ring_mask.count_ones(),
                    "mask": hex(engine.ring_mask),
                    "ip_version": format!("{major}.{minor}.{revision}"),
                    "ib_start_alignment_bytes": engine.ib_start_alignment,
                    "ib_size_alignment_bytes": engine.ib_size_alignment,
                }))
            }).collect::<Map<_, _>>()
        }),
        "firmware": card.map(|card| {
            card.firmware.iter().map(|f| {
                (f.name.to_lowercase(), json!({ "version": f.version, "feature": f.feature }))
            }).collect::<Map<_, _>>()
        }),
        "caches": info.map(|i| json!({
            "l0_vector_bytes": i.caches.l0_vector,
            "l0_scalar_bytes": i.caches.l0_scalar,
            "instruction_bytes": i.caches.instruction,
            "l1_bytes": i.caches.l1,
            "l2_bytes": i.caches.l2,
            "mall_bytes": i.caches.mall,
        })),
        "va": info.map(|i| json!({
            "start": hex(i.va_range.0),
            "end": hex(i.va_range.1),
            "high_start": hex(i.high_va_range.0),
            "high_end": hex(i.high_va_range.1),
            "alignment_bytes": i.va_alignment,
            "fragment_bytes": i.pte_fragment_bytes,
        })),
        "pcie": info.map(|i| json!({ "generation": i.pcie.0, "lanes": i.pcie.1 })),
    })
}

fn heap(heap: &Heap) -> Value {
    json!({
        "total_bytes": heap.total,
        "usable_bytes": heap.usable,
        "used_bytes": heap.used,
        "max_allocation_bytes": heap.max_allocation,
    })
}

fn host(report: &Report) -> Value {
    let host = &report.host;
    let identity = &host.identity;
    json!({
        "kernel": host.kernel,
        "amdgpu_module": host.amdgpu_module,
        "amdgpu_blocked": host.amdgpu_blocked,
        "dri": match host.dri {
            DriDirectory::Missing => json!({ "state": "missing", "entries": 0, "errno": null }),
            DriDirectory::Unreadable(errno) => {
                json!({ "state": "unreadable", "entries": null, "errno": format!("{errno:?}") })
            }
            DriDirectory::Present { entries } => json!({ "state": "present", "entries": entries, "errno": null }),
        },
        "container": host.container.as_ref().map(Container::name),
        "wsl": host.wsl,
        "uid": identity.uid,
        "user": identity.user,
        "groups": identity.groups.iter().map(|g| json!({ "gid": g.gid, "name": g.name })).collect::<Vec<_>>(),
        "amd_gpus": host.amd_gpus.iter().map(|gpu| json!({
            "pci_address": gpu.address,
            "pci_vendor": hex(gpu.ids.vendor),
            "pci_device": hex(gpu.ids.device),
            "driver": gpu.driver,
            "drm_nodes": gpu.drm_nodes,
        })).collect::<Vec<_>>(),
        "environment": report.variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect::<Map<_, _>>(),
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "severity": finding.severity.name(),
        "code": finding.code,
        "what": finding.what,
        "evidence": finding.evidence,
        "next": finding.next,
    })
}

/// The value at a dotted path such as `nodes.0.gfx_target`, or why there is none.
pub fn get<'a>(document: &'a Value, path: &str) -> Result<&'a Value, String> {
    let mut at = document;
    let mut seen = String::new();
    for part in path.split('.') {
        let next = match at {
            Value::Object(map) => map.get(part),
            Value::Array(items) => part.parse().ok().and_then(|index: usize| items.get(index)),
            _ => None,
        };
        at = next.ok_or_else(|| missing(document, path, &seen, at))?;
        if !seen.is_empty() {
            seen.push('.');
        }
        seen.push_str(part);
    }
    Ok(at)
}

/// What a user may have meant.
fn missing(document: &Value, path: &str, seen: &str, at: &Value) -> String {
    let place = match at {
        Value::Array(items) => format!("`{seen}` has {} entries", items.len()),
        Value::Object(_) if !seen.is_empty() => format!("`{seen}` has no such key"),
        Value::Object(_) => "the document has no such key".into(),
        Value::Null => format!("`{seen}` is null"),
        _ => format!("`{seen}` is one value"),
    };
    let mut keys = Vec::new();
    collect(document, String::new(), &mut keys);
    // A part that nobody would type is cut, so that the search stays quick.
    let wanted: String = path.chars().take(100).collect();
    keys.sort_by_cached_key(|key| (distance(&wanted, key), key.clone()));
    keys.truncate(5);
    format!("{place}; near it are {}", keys.join(", "))
}

fn collect(value: &Value, path: String, keys: &mut Vec<String>) {
    let child = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| collect(value, child(name), keys)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| collect(value, child(&index.to_string()), keys));
        }
        _ => {}
    }
    if !path.is_empty() {
        keys.push(path);
    }
}

/// Insertions, deletions and substitutions from one to the other; those of one whose last part is the other's are
/// near.
fn distance(a: &str, b: &str) -> usize {
    let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
    if last(a) == last(b) {
        return a.len().abs_diff(b.len()).min(1);
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// A value for a shell: text as it is, the rest as JSON.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
