"""Names of columns: those of exporters, in their languages, and common ones of users.

Exportify names its columns in the language of the browser; the names are those that it publishes in
`src/i18n/locales`. Names are compared without case, accents, spaces and punctuation.
"""

# ruff: noqa: RUF001 -- Turkish has a letter that looks like an i

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

LONGEST_HEADER = 200


class Role(StrEnum):
    """The role of a column."""

    TITLE = "title"
    ARTIST = "artist"
    ALBUM = "album"
    YEAR = "year"
    PLAYLIST = "playlist"
    ADDRESS = "address"
    ARTIST_ADDRESSES = "artist_addresses"


# By language: track URI, track name, artist URIs, artist names, album name, album release date.
EXPORTIFY = {
    "ar": (
        "رابط الأغنية (URI)",
        "اسم الأغنية",
        "روابط الفنانين (URI)",
        "أسماء الفنانين",
        "اسم الألبوم",
        "تاريخ إصدار الألبوم",
    ),
    "de": (
        "Track-URI",
        "Track-Name",
        "Künstler-URI(s)",
        "Künstlername(n)",
        "Album-Name",
        "Veröffentlichungsdatum des Albums",
    ),
    "el": (
        "URI κομματιού",
        "Όνομα κομματιού",
        "URI καλλιτέχνη/ων",
        "Όνομα/τα καλλιτέχνη",
        "Όνομα άλμπουμ",
        "Ημερομηνία κυκλοφορίας άλμπουμ",
    ),
    "en": (
        "Track URI",
        "Track Name",
        "Artist URI(s)",
        "Artist Name(s)",
        "Album Name",
        "Album Release Date",
    ),
    "es": (
        "URI de la canción",
        "Nombre de la canción",
        "URI(s) del artista",
        "Nombre(s) del artista",
        "Nombre del álbum",
        "Fecha de lanzamiento del álbum",
    ),
    "fr": (
        "URI du titre",
        "Nom du titre",
        "URI(s) de l'artiste",
        "Nom(s) de l'artiste",
        "Nom de l'album",
        "Date de sortie de l'album",
    ),
    "it": (
        "URI della traccia",
        "Nome della traccia",
        "URI dell'artista",
        "Nome dell'artista",
        "Nome dell'album",
        "Data di rilascio dell'album",
    ),
    "ja": (
        "トラックURI",
        "トラック名",
        "アーティストURI",
        "アーティスト名",
        "アルバム名",
        "アルバム発売日",
    ),
    "nl": (
        "Nummer URI",
        "Nummernaam",
        "Artiest-URI",
        "Naam van artiest",
        "Naam van album",
        "Releasedatum van het album",
    ),
    "pl": (
        "URI utworu",
        "Nazwa utworu",
        "URI wykonawcy",
        "Nazwa wykonawcy",
        "Nazwa albumu",
        "Data wydania albumu",
    ),
    "pt": (
        "URI da faixa",
        "Nome da faixa",
        "URI(s) do artista",
        "Nome(s) do artista",
        "Nome do álbum",
        "Data de lançamento do álbum",
    ),
    "sv": (
        "Låtens URI",
        "Låtens namn",
        "Artistens URI",
        "Artistens namn",
        "Albumets namn",
        "Albumets releasedatum",
    ),
    "tr": (
        "Parça URI",
        "Parça Adı",
        "Sanatçı URI",
        "Sanatçı Adı",
        "Albüm Adı",
        "Albüm Çıkış Tarihi",
    ),
}

# Other names of each role, the most reliable first. If two columns match, the first name wins.
OTHER_NAMES = {
    Role.TITLE: (
        "Track name", "Song name", "Song title", "Track title", "Title", "Song", "Recording",
        "Recording name", "Name of song", "Track", "Name", "Tune", "Piece",
        "Titel", "Songtitel", "Liedtitel", "Lied", "Stück", "Track-Titel",
        "Título", "Titulo de la canción", "Canción", "Tema", "Nombre", "Pista",
        "Titre", "Titre de la chanson", "Chanson", "Morceau", "Piste", "Nom",
        "Titolo", "Titolo del brano", "Brano", "Canzone", "Traccia", "Nome",
        "Nummer", "Liedje", "Naam",
        "Tytuł", "Tytuł utworu", "Utwór", "Piosenka", "Nazwa",
        "Música", "Nome da música", "Canção", "Faixa",
        "Låt", "Låttitel", "Låtnamn", "Namn",
        "Şarkı", "Şarkı adı", "Parça", "Başlık",
        "曲名", "曲", "タイトル", "楽曲名", "楽曲", "名前",
        "الأغنية", "العنوان", "عنوان الأغنية",
        "Название", "Название трека", "Трек", "Песня", "Композиция",
        "歌名", "歌曲", "歌曲名", "标题", "曲目", "標題", "곡명", "제목", "노래",
        "名称", "名稱", "曲のタイトル", "이름", "Titel van nummer", "Naam van nummer",
        "Nummertitel", "Název", "Skladba", "Píseň", "Názov", "Pieseň", "Cím", "Dal", "Név", "Sang",
        "Tittel", "Navn", "Kappale", "Nimi", "Τίτλος", "Τραγούδι", "Όνομα", "Şarkı başlığı", "Ad",
        "Назва", "Пісня", "Titlu", "Melodie", "Naslov", "Pjesma", "Títol", "שם", "שם השיר", "שיר",
        "الاسم", "Master metadata track name",
    ),
    Role.ARTIST: (
        "Artist name", "Artist name 1", "Artist", "Artists", "Artist(s)", "Artist 1",
        "Track artist", "Song artist", "Primary artist", "Main artist", "Band", "Band name",
        "Band/Artist", "Artist/Band", "Bands", "Performer", "Performers", "Performed by", "Group",
        "Singer", "Musician", "Act", "By", "Creator", "Author",
        "Künstler", "Künstlername", "Interpret", "Interpreten", "Interpret/in", "Gruppe",
        "Artista", "Artistas", "Intérprete", "Grupo", "Banda", "Nombre del artista",
        "Artiste", "Artistes", "Interprète", "Groupe",
        "Artisti", "Interprete", "Gruppo",
        "Artiest", "Artiesten", "Uitvoerder", "Uitvoerende artiest",
        "Wykonawca", "Artysta", "Zespół", "Wykonawcy", "Artyści", "Nazwa artysty",
        "Nazwa(-y) wykonawcy(-ów)", "Nazwy artystów", "Nazwa/y artysty",
        "Nome do artista", "Cantor",
        "Artistnamn", "Utförare", "Artistens namn",
        "Sanatçı", "Sanatçılar", "Grup",
        "アーティスト", "歌手", "演奏者", "バンド",
        "الفنان", "فنان", "المغني", "اسم الفنان",
        "Исполнитель", "Исполнители", "Артист", "Группа",
        "艺人", "艺术家", "藝人", "歌手名", "가수", "아티스트", "Виконавець", "אמן", "Izvođač",
        "Umělec", "Interpret skladby", "Előadó", "Kunstner", "Esittäjä", "Καλλιτέχνης",
        "Naam artiest", "Artiestnaam", "Album artist", "Master metadata album artist name",
    ),
    Role.ALBUM: (
        "Album name", "Album", "Album title", "Release title", "Release", "Record", "LP",
        "Albumtitel", "Albumname", "Álbum", "Nom de l'album", "Titre de l'album", "Titolo album",
        "Disco", "Disque", "Tytuł albumu", "Skiva", "Albüm", "アルバム", "الألبوم", "Альбом",
        "专辑", "專輯", "专辑名", "앨범", "Άλμπουμ", "Albumtitle", "Release name",
        "アルバムのタイトル", "عنوان الألبوم", "אלבום", "Master metadata album album name",
    ),
    Role.YEAR: (
        "Year", "Release date", "Release year", "Year released", "Album release date",
        "Album year", "Album date", "Year of release", "Released", "Original release date",
        "Original year", "Date released", "Jahr", "Erscheinungsjahr", "Veröffentlichungsjahr",
        "Veröffentlichungsdatum", "Erscheinungsdatum", "Año", "Año de lanzamiento",
        "Fecha de lanzamiento", "Année", "Année de sortie", "Date de sortie", "Anno",
        "Anno di pubblicazione", "Data di uscita", "Jaar", "Jaartal", "Rok", "Rok wydania",
        "Data wydania", "Ano", "Ano de lançamento", "Data de lançamento", "År", "Utgivningsår",
        "Yıl", "Çıkış Yılı", "Çıkış tarihi", "年", "発売日", "リリース日", "年份", "发行日期",
        "السنة", "سنة الإصدار", "تاريخ الإصدار", "Год", "Год выпуска", "연도", "Έτος",
        "Årstal", "Vuosi", "Julkaisuvuosi", "Év", "Рік", "Godina", "Any", "An", "שנה",
    ),
    Role.PLAYLIST: ("Playlist name", "Playlist", "Playlist title"),
    Role.ADDRESS: ("Spotify URI", "Track URI", "Spotify track URI"),
    Role.ARTIST_ADDRESSES: ("Artist URIs", "Artist IDs", "Artist URI(s)"),
}  # fmt: skip

# Words that decide the role of a column if its name is none of the above.
_TITLE_WORDS = ("song", "track", "title", "titel", "titre", "titulo", "titolo", "cancion", "tytul")
_ARTIST_WORDS = ("artist", "band", "performer", "singer", "kunstler", "interpret", "wykonawc")
_ALBUM_WORDS = ("album",)
_YEAR_WORDS = ("year", "releasedate", "released")
# Words of columns that are about a song, an artist or an album and do not name it.
_ABOUT = re.compile(
    r"uri|url|link|id$|^id|isrc|genre|count|number|num$|duration|length|artwork|image|cover|sort"
    r"|(?:track|song|title|titel|disc|album|artist)no$"
    r"|added|played|rating|popularity|tempo|key|status|progress|label|copyright|preview|type|time"
    r"|composer|nummer|numero|total|size|disc"
)


def plain(name: str) -> str:
    """Return what two spellings of a column's name have in common: letters and digits alone."""
    folded = unicodedata.normalize("NFKD", name[:LONGEST_HEADER].casefold())
    return "".join(char for char in folded.casefold() if char.isalnum())


def _ranks() -> dict[Role, dict[str, int]]:
    """Return, by role, each plain name and how sure it is: 0 is the surest."""
    names: dict[Role, list[str]] = {role: [] for role in Role}
    order = (
        Role.ADDRESS,
        Role.TITLE,
        Role.ARTIST_ADDRESSES,
        Role.ARTIST,
        Role.ALBUM,
        Role.YEAR,
    )
    for language in EXPORTIFY.values():
        for role, name in zip(order, language, strict=True):
            names[role].append(name)
    for role, others in OTHER_NAMES.items():
        names[role] += others
    ranks: dict[Role, dict[str, int]] = {role: {} for role in Role}
    for role, those in names.items():
        for rank, name in enumerate(those):
            ranks[role].setdefault(plain(name), rank)
    return ranks


RANKS = _ranks()
EXPORTIFY_ARTISTS = frozenset(plain(language[3]) for language in EXPORTIFY.values())
EXPORTIFY_TITLES = frozenset(plain(language[1]) for language in EXPORTIFY.values())
# Behind every name of a list.
_BY_ITS_WORDS = 1_000


def rank(name: str, role: Role) -> int | None:
    """Return how well a plain name fits a role, 0 the best; None when it does not."""
    # YouTube Music has a column for each artist: `Artist Name 1`, `Artist Name 2`.
    known = RANKS[role].get(name, RANKS[role].get(name.removesuffix("1")))
    if known is not None:
        return known
    return _BY_ITS_WORDS if _fits_by_words(name, role) else None


def is_known(name: str, role: Role) -> bool:
    """Return whether a plain name is one of the known names of a role."""
    found = rank(name, role)
    return found is not None and found < _BY_ITS_WORDS


def _fits_by_words(name: str, role: Role) -> bool:
    def has(words: tuple[str, ...]) -> bool:
        return any(word in name for word in words)

    if not name or _ABOUT.search(name) or any(name in ranks for ranks in RANKS.values()):
        return False
    if role is Role.ARTIST:
        return has(_ARTIST_WORDS) and not has(_ALBUM_WORDS)
    if role is Role.TITLE:
        return has(_TITLE_WORDS) and not has(_ALBUM_WORDS) and not has(_ARTIST_WORDS)
    if role is Role.ALBUM:
        return has(_ALBUM_WORDS) and not has(_ARTIST_WORDS) and not has(_YEAR_WORDS)
    return role is Role.YEAR and has(_YEAR_WORDS)
