//! Sealed members: free text and personal data are encrypted before any sink sees them, and a key file that can forget.
//!
//! ```text
//! DATA/keys/<role>/data-keys   header { magic, id of the key-encryption key } + records { key id, nonce, wrapped data key }
//! <KEK folder>/<role>/kek      { magic, one key-encryption key, or two while a rotation is under way }
//! ```
//! Data keys are made in advance, a pool at a time, so that sealing adds no sync to a command. Between rewrites the file
//! only grows; destroying keys rewrites it with the survivors under a new key-encryption key, so an old copy of either
//! file alone opens nothing that was destroyed.
//!
//! A person (*subject*) has one key in each role, whose id is derived from the subject under this folder's hash key: so no
//! second file maps one to the other, and nobody without the folder can tell whose key it is.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use narhet_kernel::{SubjectId, Uuid};
use narhet_proto::{Sealed, SealedBox};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// Data keys made at a time; one is used per event with sealed members.
const POOL_KEYS: usize = 256;
const DATA_KEYS_MAGIC: &[u8; 8] = b"NARHETDK";
const KEK_MAGIC: &[u8; 8] = b"NARHETKE";
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;
const WRAPPED_BYTES: usize = KEY_BYTES + 16;
const RECORD_BYTES: usize = 16 + NONCE_BYTES + WRAPPED_BYTES;
const HEADER_BYTES: usize = 8 + 16;

/// The keys of one role. No role opens another's.
pub struct Keys {
    /// For hashes of what must not be guessed from them; never leaves this folder.
    hash_key: [u8; KEY_BYTES],
    data_path: PathBuf,
    kek_path: PathBuf,
    state: Mutex<State>,
}

struct State {
    kek: Kek,
    keys: HashMap<Uuid, DataKey>,
    /// Made and durable, not used yet.
    pool: VecDeque<Uuid>,
    /// The event sealed last and its key: all members of one event share one.
    current: Option<(Uuid, Uuid)>,
    /// Records of new subjects' keys that are not in the file yet; [`Keys::settle`] writes them.
    unsettled: Vec<u8>,
    /// Nothing is ever sealed so that it could be opened for them again.
    erased: HashSet<SubjectId>,
}

#[derive(Clone)]
struct DataKey([u8; KEY_BYTES]);

#[derive(Clone)]
struct Kek {
    id: Uuid,
    key: [u8; KEY_BYTES],
}

/// Why a key file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot {doing} {path}")]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("{path} is not a key file or is damaged: restore it from the key archive")]
    Damaged { path: PathBuf },
    #[error(
        "{path} does not hold the key-encryption key that {data} names: the two files are from different times; \
         restore both from the same archive, or point NARHET_KEK_DIR to the right folder"
    )]
    WrongKek { path: PathBuf, data: PathBuf },
}

impl Keys {
    /// Opens the key files of a role, making them when the folder is new, and finishes a rotation that was cut short.
    pub fn open(data_folder: &Path, kek_folder: &Path) -> Result<Keys, KeyError> {
        for folder in [data_folder, kek_folder] {
            make_private_folder(folder)?;
        }
        let data_path = data_folder.join("data-keys");
        let kek_path = kek_folder.join("kek");
        let (kek, keys) = if data_path.exists() {
            let keks = read_keks(&kek_path)?;
            let bytes = read(&data_path)?;
            let (named, records) = split_data_keys(&bytes, &data_path)?;
            let kek = keks
                .into_iter()
                .find(|kek| kek.id == named)
                .ok_or_else(|| KeyError::WrongKek { path: kek_path.clone(), data: data_path.clone() })?;
            let keys = unwrap_records(records, &kek, &data_path)?;
            (kek, keys)
        } else {
            (Kek::new(), HashMap::new())
        };
        // One key-encryption key and a file of whole records: both also finish what a kill interrupted.
        write_keks(&kek_path, std::slice::from_ref(&kek))?;
        let hash_key = hash_key(&data_folder.join("hash-key"))?;
        let keys = Keys {
            hash_key,
            data_path,
            kek_path,
            state: Mutex::new(State {
                kek,
                keys,
                pool: VecDeque::new(),
                current: None,
                unsettled: Vec::new(),
                erased: HashSet::new(),
            }),
        };
        {
            let mut state = keys.lock();
            keys.rewrite(&mut state)?;
            keys.fill_pool(&mut state)?;
        }
        Ok(keys)
    }

    /// Seals a text as member `field` of an event. The key is durable before this returns.
    ///
    /// # Panics
    /// When the key file cannot be written: a seal whose key might be lost must never reach the log.
    pub fn seal(&self, event: Uuid, field: &str, text: &str) -> Sealed {
        let mut state = self.lock();
        let id = match state.current {
            Some((sealed, id)) if sealed == event => id,
            _ => {
                if state.pool.is_empty() {
                    self.fill_pool(&mut state).expect("a key that cannot be stored must stop the role");
                }
                let id = state.pool.pop_front().expect("the pool was just filled");
                state.current = Some((event, id));
                id
            }
        };
        boxed(id, &state.keys[&id], event, field, text)
    }

    /// Seals a person's text as member `field` of an event under the subject's key. A new key is durable once
    /// [`Keys::settle`] has run, which the desk does before it appends. For an erased subject the box opens for nobody.
    pub fn seal_subject(&self, subject: SubjectId, event: Uuid, field: &str, text: &str) -> Sealed {
        let id = self.key_of(subject);
        let mut state = self.lock();
        if state.erased.contains(&subject) {
            return boxed(id, &DataKey(random()), event, field, text);
        }
        if !state.keys.contains_key(&id) {
            let key = DataKey(random());
            let mut record = Vec::with_capacity(RECORD_BYTES);
            wrap_record(&mut record, id, &key, &state.kek);
            state.unsettled.extend_from_slice(&record);
            state.keys.insert(id, key);
        }
        boxed(id, &state.keys[&id], event, field, text)
    }

    /// Makes the keys of new subjects durable; without any it costs nothing.
    pub fn settle(&self) -> Result<(), KeyError> {
        let mut state = self.lock();
        if state.unsettled.is_empty() {
            return Ok(());
        }
        self.append(&state.unsettled)?;
        state.unsettled.clear();
        Ok(())
    }

    /// Whether there is a key with which the subject's data here can be opened.
    pub fn holds_subject(&self, subject: SubjectId) -> bool {
        self.lock().keys.contains_key(&self.key_of(subject))
    }

    /// Whether the subject has been erased.
    pub fn is_erased(&self, subject: SubjectId) -> bool {
        self.lock().erased.contains(&subject)
    }

    /// Destroys the keys of subjects for ever, and keeps new ones from being made. Those that are destroyed already cost
    /// nothing, so it is done again at every start.
    pub fn destroy_subjects(&self, subjects: &[SubjectId]) -> Result<(), KeyError> {
        let ids: Vec<Uuid> = subjects.iter().map(|subject| self.key_of(*subject)).collect();
        let held = {
            let mut state = self.lock();
            state.erased.extend(subjects);
            ids.iter().any(|id| state.keys.contains_key(id))
        };
        if held { self.destroy(&ids) } else { Ok(()) }
    }

    fn key_of(&self, subject: SubjectId) -> Uuid {
        let hash = self.keyed_hash(&[b"subject key ".as_slice(), subject.0.as_bytes()].concat());
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Uuid::new_v8(id)
    }

    /// Opens a sealed member; `None` when its key is destroyed or it was moved from where it was sealed.
    pub fn open_sealed(&self, event: Uuid, field: &str, sealed: &Sealed) -> Option<String> {
        let id = Uuid::parse_str(&sealed.sealed.key).ok()?;
        let bytes = BASE64.decode(&sealed.sealed.boxed).ok()?;
        let (nonce, boxed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let state = self.lock();
        let key = state.keys.get(&id)?;
        let associated = associated_data(event, field, id);
        let text = cipher(&key.0).decrypt(&XNonce::from(*nonce), Payload { msg: boxed, aad: &associated }).ok()?;
        String::from_utf8(text).ok()
    }

    /// Destroys keys for ever and renews the key-encryption key. Ids that are not here are already destroyed.
    pub fn destroy(&self, ids: &[Uuid]) -> Result<(), KeyError> {
        let mut state = self.lock();
        for id in ids {
            state.keys.remove(id);
            state.pool.retain(|pooled| pooled != id);
        }
        state.current = None;
        let old = std::mem::replace(&mut state.kek, Kek::new());
        let both = [state.kek.clone(), old];
        write_keks(&self.kek_path, &both)?;
        self.rewrite(&mut state)?;
        write_keks(&self.kek_path, &both[..1])
    }

    /// A hash that nobody without this folder can compare a guess with: short titles are easily guessed.
    pub fn keyed_hash(&self, bytes: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(&self.hash_key, bytes).as_bytes()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no panic while holding the key lock leaves it half changed")
    }

    fn fill_pool(&self, state: &mut State) -> Result<(), KeyError> {
        let mut records = Vec::with_capacity(POOL_KEYS * RECORD_BYTES);
        for _ in 0..POOL_KEYS {
            let id = Uuid::new_v4();
            let key = DataKey(random());
            wrap_record(&mut records, id, &key, &state.kek);
            state.keys.insert(id, key);
            state.pool.push_back(id);
        }
        self.append(&records)
    }

    fn append(&self, records: &[u8]) -> Result<(), KeyError> {
        let append = || -> io::Result<()> {
            let mut file = OpenOptions::new().append(true).open(&self.data_path)?;
            file.write_all(records)?;
            file.sync_data()
        };
        append().map_err(|source| KeyError::Io { doing: "append to", path: self.data_path.clone(), source })
    }

    fn rewrite(&self, state: &mut State) -> Result<(), KeyError> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + state.keys.len() * RECORD_BYTES);
        bytes.extend_from_slice(DATA_KEYS_MAGIC);
        bytes.extend_from_slice(state.kek.id.as_bytes());
        for (id, key) in &state.keys {
            wrap_record(&mut bytes, *id, key, &state.kek);
        }
        replace_file(&self.data_path, &bytes)?;
        state.unsettled.clear();
        Ok(())
    }
}

fn boxed(id: Uuid, key: &DataKey, event: Uuid, field: &str, text: &str) -> Sealed {
    let nonce = random::<NONCE_BYTES>();
    let associated = associated_data(event, field, id);
    let boxed = cipher(&key.0)
        .encrypt(&XNonce::from(nonce), Payload { msg: text.as_bytes(), aad: &associated })
        .expect("encryption of a bounded text cannot fail");
    let mut bytes = nonce.to_vec();
    bytes.extend_from_slice(&boxed);
    Sealed { sealed: SealedBox { key: id.to_string(), boxed: BASE64.encode(bytes) } }
}

impl Kek {
    fn new() -> Self {
        Self { id: Uuid::new_v4(), key: random() }
    }
}

fn hash_key(path: &Path) -> Result<[u8; KEY_BYTES], KeyError> {
    if !path.exists() {
        replace_file(path, &random::<KEY_BYTES>())?;
    }
    read(path)?.try_into().map_err(|_| KeyError::Damaged { path: path.to_owned() })
}

fn cipher(key: &[u8; KEY_BYTES]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system's random source works");
    bytes
}

fn associated_data(event: Uuid, field: &str, key: Uuid) -> Vec<u8> {
    [event.as_bytes().as_slice(), field.as_bytes(), b"\0", key.as_bytes()].concat()
}

fn wrap_record(out: &mut Vec<u8>, id: Uuid, key: &DataKey, kek: &Kek) {
    let nonce = random::<NONCE_BYTES>();
    let wrapped = cipher(&kek.key)
        .encrypt(&XNonce::from(nonce), Payload { msg: &key.0, aad: id.as_bytes() })
        .expect("encryption of a key cannot fail");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&wrapped);
}

fn unwrap_records(records: &[u8], kek: &Kek, path: &Path) -> Result<HashMap<Uuid, DataKey>, KeyError> {
    let damaged = || KeyError::Damaged { path: path.to_owned() };
    // A kill while a pool was appended leaves a part of a record; nothing was sealed under it.
    records
        .chunks_exact(RECORD_BYTES)
        .map(|record| {
            let (id, rest) = record.split_first_chunk::<16>().ok_or_else(damaged)?;
            let (nonce, wrapped) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(damaged)?;
            let key = cipher(&kek.key)
                .decrypt(&XNonce::from(*nonce), Payload { msg: wrapped, aad: id })
                .map_err(|_| damaged())?;
            Ok((Uuid::from_bytes(*id), DataKey(key.try_into().map_err(|_| damaged())?)))
        })
        .collect()
}

fn split_data_keys<'a>(bytes: &'a [u8], path: &Path) -> Result<(Uuid, &'a [u8]), KeyError> {
    let rest = bytes.strip_prefix(DATA_KEYS_MAGIC.as_slice());
    let (id, records) = rest
        .and_then(|rest| rest.split_first_chunk::<16>())
        .ok_or_else(|| KeyError::Damaged { path: path.to_owned() })?;
    Ok((Uuid::from_bytes(*id), records))
}

fn read_keks(path: &Path) -> Result<Vec<Kek>, KeyError> {
    let bytes = read(path)?;
    let records = bytes
        .strip_prefix(KEK_MAGIC.as_slice())
        .filter(|records| !records.is_empty() && records.len().is_multiple_of(16 + KEY_BYTES))
        .ok_or_else(|| KeyError::Damaged { path: path.to_owned() })?;
    Ok(records
        .chunks_exact(16 + KEY_BYTES)
        .map(|record| {
            let (mut id, mut key) = ([0; 16], [0; KEY_BYTES]);
            id.copy_from_slice(&record[..16]);
            key.copy_from_slice(&record[16..]);
            Kek { id: Uuid::from_bytes(id), key }
        })
        .collect())
}

fn write_keks(path: &Path, keks: &[Kek]) -> Result<(), KeyError> {
    let mut bytes = KEK_MAGIC.to_vec();
    for kek in keks {
        bytes.extend_from_slice(kek.id.as_bytes());
        bytes.extend_from_slice(&kek.key);
    }
    replace_file(path, &bytes)
}

fn read(path: &Path) -> Result<Vec<u8>, KeyError> {
    fs::read(path).map_err(|source| KeyError::Io { doing: "read", path: path.to_owned(), source })
}

fn make_private_folder(folder: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| KeyError::Io {
        doing: "make",
        path: folder.to_owned(),
        source,
    })
}

/// Writes beside, syncs, renames and syncs the folder: a reader sees the old bytes or the new, never a part.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let replace = || -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    replace().map_err(|source| KeyError::Io { doing: "replace", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("narhet-keys-{name}-{}", Uuid::new_v4()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_sealed_text_opens_where_it_was_sealed_and_nowhere_else() {
        let folder = folder("opens");
        let keys = Keys::open(&folder, &folder).unwrap();
        let (event, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = keys.seal(event, "data.title", "Brand i källare");
        assert_eq!(keys.open_sealed(event, "data.title", &sealed).as_deref(), Some("Brand i källare"));
        assert_eq!(keys.open_sealed(other, "data.title", &sealed), None);
        assert_eq!(keys.open_sealed(event, "data.description", &sealed), None);
        assert!(!sealed.sealed.boxed.contains("Brand"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn keys_survive_a_restart_and_a_torn_append() {
        let folder = folder("restart");
        let event = Uuid::from_u128(1);
        let sealed = Keys::open(&folder, &folder).unwrap().seal(event, "data.title", "x");
        let mut file = OpenOptions::new().append(true).open(folder.join("data-keys")).unwrap();
        file.write_all(&[7; RECORD_BYTES - 1]).unwrap();
        let keys = Keys::open(&folder, &folder).unwrap();
        assert_eq!(keys.open_sealed(event, "data.title", &sealed).as_deref(), Some("x"));
        let after = keys.seal(Uuid::from_u128(2), "data.title", "y");
        let keys = Keys::open(&folder, &folder).unwrap();
        assert_eq!(keys.open_sealed(Uuid::from_u128(2), "data.title", &after).as_deref(), Some("y"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_destroyed_key_opens_nothing_even_with_the_old_data_file() {
        let folder = folder("destroy");
        let keys = Keys::open(&folder, &folder).unwrap();
        let (event, kept) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = keys.seal(event, "data.title", "x");
        let survivor = keys.seal(kept, "data.title", "y");
        let old_data = fs::read(folder.join("data-keys")).unwrap();
        keys.destroy(&[Uuid::parse_str(&sealed.sealed.key).unwrap()]).unwrap();
        assert_eq!(keys.open_sealed(event, "data.title", &sealed), None);
        let keys = Keys::open(&folder, &folder).unwrap();
        assert_eq!(keys.open_sealed(event, "data.title", &sealed), None);
        assert_eq!(keys.open_sealed(kept, "data.title", &survivor).as_deref(), Some("y"));
        fs::write(folder.join("data-keys"), old_data).unwrap();
        assert!(matches!(Keys::open(&folder, &folder), Err(KeyError::WrongKek { .. })));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_erased_subject_opens_nothing_and_gets_no_new_key_and_the_others_stay() {
        let folder = folder("subject");
        let keys = Keys::open(&folder, &folder).unwrap();
        let (gone, kept, event) = (SubjectId(Uuid::from_u128(11)), SubjectId(Uuid::from_u128(12)), Uuid::from_u128(1));
        let sealed = keys.seal_subject(gone, event, "data.name", "x");
        let other = keys.seal_subject(kept, event, "data.name", "y");
        keys.settle().unwrap();
        let keys = Keys::open(&folder, &folder).unwrap();
        assert_eq!(keys.open_sealed(event, "data.name", &sealed).as_deref(), Some("x"), "durable once settled");
        let before = (fs::read(folder.join("data-keys")).unwrap(), fs::read(folder.join("kek")).unwrap());
        keys.destroy_subjects(&[gone]).unwrap();
        assert!(!keys.holds_subject(gone) && keys.is_erased(gone));
        let again = keys.seal_subject(gone, event, "data.name", "z");
        keys.settle().unwrap();
        for keys in [keys, Keys::open(&folder, &folder).unwrap()] {
            assert_eq!(keys.open_sealed(event, "data.name", &sealed), None);
            assert_eq!(keys.open_sealed(event, "data.name", &again), None, "no new key for an erased subject");
            assert_eq!(keys.open_sealed(event, "data.name", &other).as_deref(), Some("y"));
        }
        // Both files of an old archive bring the key back; what the log says is then done again.
        fs::write(folder.join("data-keys"), before.0).unwrap();
        fs::write(folder.join("kek"), before.1).unwrap();
        let keys = Keys::open(&folder, &folder).unwrap();
        keys.destroy_subjects(&[gone]).unwrap();
        assert_eq!(keys.open_sealed(event, "data.name", &sealed), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_rotation_that_was_cut_short_is_finished() {
        let folder = folder("rotation");
        let keys = Keys::open(&folder, &folder).unwrap();
        let sealed = keys.seal(Uuid::from_u128(1), "data.title", "x");
        let kek = keys.lock().kek.clone();
        // As left by a kill after the first of the three writes of a rotation.
        write_keks(&folder.join("kek"), &[Kek::new(), kek]).unwrap();
        let keys = Keys::open(&folder, &folder).unwrap();
        assert_eq!(keys.open_sealed(Uuid::from_u128(1), "data.title", &sealed).as_deref(), Some("x"));
        assert_eq!(read_keks(&folder.join("kek")).unwrap().len(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
