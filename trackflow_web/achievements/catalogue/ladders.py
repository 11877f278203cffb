"""The achievements that come with TrackFlow, as data: ladders of rungs, easiest first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """The kind of work that an achievement rewards."""

    MILESTONE = "milestone"
    ACTIVITY = "activity"
    QUALITY = "quality"
    SOCIAL = "social"
    DIVERSITY = "diversity"
    SPECIAL = "special"


class Rarity(StrEnum):
    """How hard an achievement is meant to be, easiest first."""

    COMMON = "common"
    UNCOMMON = "uncommon"
    RARE = "rare"
    EPIC = "epic"
    LEGENDARY = "legendary"

    @property
    def points(self) -> int:
        """Return the points of an achievement of this rarity."""
        return _POINTS[self]

    @property
    def rank(self) -> int:
        """0 for the easiest."""
        return list(Rarity).index(self)


_POINTS = {
    Rarity.COMMON: 10,
    Rarity.UNCOMMON: 25,
    Rarity.RARE: 50,
    Rarity.EPIC: 100,
    Rarity.LEGENDARY: 250,
}


@dataclass(frozen=True)
class Rung:
    """One achievement on a ladder; `code` is its permanent identity."""

    code: str
    name: str
    description: str
    icon: str
    threshold: int
    rarity: Rarity


@dataclass(frozen=True)
class Ladder:
    """Achievements of one metric with rising thresholds; ladders may share a group on the page."""

    group: str
    category: Category
    metric: str
    rungs: tuple[Rung, ...]


# The completionist has every achievement of this file but its own.
ALL_OTHERS = 81

# A row a line reads as the table that it is.
# fmt: off
LADDERS = (
    Ladder("Future Plans", Category.MILESTONE, "total_planned", (
        Rung("dreamer", "Dreamer", "Add your first song to Future Plans", "💭", 1, Rarity.COMMON),
        Rung("visionary", "Visionary", "Add 5 songs to Future Plans", "🔮", 5, Rarity.COMMON),
        Rung("long_term_planner", "Long Term Planner", "Add 10 songs to Future Plans", "📋", 10, Rarity.UNCOMMON),
        Rung("strategic_thinker", "Strategic Thinker", "Add 25 songs to Future Plans", "🗺️", 25, Rarity.UNCOMMON),
        Rung("master_planner", "Master Planner", "Add 50 songs to Future Plans", "📊", 50, Rarity.RARE),
        Rung("future_architect", "Future Architect", "Add 100 songs to Future Plans", "🏗️", 100, Rarity.EPIC),
        Rung("planning_legend", "Planning Legend", "Add 250 songs to Future Plans", "📐", 250, Rarity.LEGENDARY),
    )),
    Ladder("Work in progress", Category.MILESTONE, "total_started", (
        Rung("getting_started", "Getting Started", "Start your first WIP song", "🎬", 1, Rarity.COMMON),
        Rung("hard_worker", "Hard Worker", "Start 5 WIP songs", "💪", 5, Rarity.COMMON),
        Rung("dedicated_creator", "Dedicated Creator", "Start 10 WIP songs", "🎨", 10, Rarity.UNCOMMON),
        Rung("busy_bee", "Busy Bee", "Start 25 WIP songs", "🐝", 25, Rarity.UNCOMMON),
        Rung("workhorse", "Workhorse", "Start 50 WIP songs", "🐴", 50, Rarity.RARE),
        Rung("productivity_master", "Productivity Master", "Start 100 WIP songs", "⚡", 100, Rarity.EPIC),
        Rung("work_legend", "Work Legend", "Start 250 WIP songs", "🔨", 250, Rarity.LEGENDARY),
    )),
    Ladder("Finished work", Category.MILESTONE, "total_finished", (
        Rung("first_finish", "First Finish", "Complete your first WIP (move to Released)", "🎉", 1, Rarity.COMMON),
        Rung("finisher", "Finisher", "Complete 5 WIP songs", "✅", 5, Rarity.COMMON),
        Rung("wip_master", "WIP Master", "Complete 10 WIP songs", "🏁", 10, Rarity.UNCOMMON),
        Rung("finishing_touch", "Finishing Touch", "Complete 25 WIP songs", "✨", 25, Rarity.RARE),
        Rung("master_finisher", "Master Finisher", "Complete 50 WIP songs", "🎊", 50, Rarity.RARE),
        Rung("completion_legend", "Completion Legend", "Complete 100 WIP songs", "🎆", 100, Rarity.EPIC),
        Rung("fireworks_master", "Fireworks Master", "Complete 250 WIP songs", "🎇", 250, Rarity.LEGENDARY),
    )),
    Ladder("Released songs", Category.MILESTONE, "total_released", (
        Rung("first_release", "First Release", "Release your first song", "🎈", 1, Rarity.COMMON),
        Rung("rising_star", "Rising Star", "Release 5 songs", "⭐", 5, Rarity.COMMON),
        Rung("published_artist", "Published Artist", "Release 10 songs", "🌟", 10, Rarity.UNCOMMON),
        Rung("pro_performer", "Pro Performer", "Release 25 songs", "💫", 25, Rarity.RARE),
        Rung("chart_topper", "Chart Topper", "Release 50 songs", "🏆", 50, Rarity.RARE),
        Rung("hall_of_fame", "Hall of Fame", "Release 100 songs", "🎖️", 100, Rarity.EPIC),
        Rung("legendary_status", "Legendary Status", "Release 250 songs", "👑", 250, Rarity.LEGENDARY),
    )),
    Ladder("Packs", Category.MILESTONE, "total_packs", (
        Rung("pack_starter", "Pack Starter", "Create your first pack", "📦", 1, Rarity.COMMON),
        Rung("pack_creator", "Pack Creator", "Create 3 packs", "📚", 3, Rarity.COMMON),
        Rung("pack_master", "Pack Master", "Create 5 packs", "📖", 5, Rarity.UNCOMMON),
        Rung("pack_legend", "Pack Legend", "Create 10 packs", "📘", 10, Rarity.RARE),
        Rung("pack_collector", "Pack Collector", "Create 20 packs", "📗", 20, Rarity.EPIC),
    )),
    Ladder("Collaborations", Category.MILESTONE, "total_collaborations", (
        Rung("team_player", "Team Player", "Add your first collaborator", "🤝", 1, Rarity.COMMON),
        Rung("collaborator", "Collaborator", "Have 3 collaborations", "👥", 3, Rarity.COMMON),
        Rung("social_butterfly", "Social Butterfly", "Have 10 collaborations", "🦋", 10, Rarity.UNCOMMON),
        Rung("community_leader", "Community Leader", "Have 25 collaborations", "🧭", 25, Rarity.RARE),
    )),
    Ladder("Spotify imports", Category.ACTIVITY, "total_spotify_imports", (
        Rung("spotify_explorer", "Spotify Explorer", "Import from Spotify for the first time", "🎧", 1, Rarity.COMMON),
        Rung("playlist_master", "Playlist Master", "Import 5 playlists from Spotify", "🎶", 5, Rarity.UNCOMMON),
        Rung("spotify_power_user", "Spotify Power User", "Import 10 playlists from Spotify", "🎵", 10, Rarity.RARE),
    )),
    Ladder("Login streak", Category.ACTIVITY, "login_streak", (
        Rung("early_bird", "Early Bird", "Log in 3 days in a row", "🌅", 3, Rarity.COMMON),
        Rung("dedicated", "Dedicated", "Log in 7 days in a row", "📅", 7, Rarity.UNCOMMON),
        Rung("committed", "Committed", "Log in 14 days in a row", "⚓", 14, Rarity.UNCOMMON),
        Rung("loyal", "Loyal", "Log in 30 days in a row", "❤️", 30, Rarity.RARE),
        Rung("devoted", "Devoted", "Log in 60 days in a row", "🔥", 60, Rarity.EPIC),
        Rung("trackflow_veteran", "TrackFlow Veteran", "Log in 100 days in a row", "🏅", 100, Rarity.LEGENDARY),
    )),
    Ladder("Contributions", Category.ACTIVITY, "total_feature_requests", (
        Rung("idea_generator", "Idea Generator", "Submit your first feature request", "💡", 1, Rarity.COMMON),
        Rung("innovator", "Innovator", "Submit 5 feature requests", "🚀", 5, Rarity.UNCOMMON),
        Rung("community_voice", "Community Voice", "Submit 10 feature requests", "📢", 10, Rarity.RARE),
    )),
    Ladder("Contributions", Category.ACTIVITY, "total_bug_reports", (
        Rung("bug_hunter", "Bug Hunter", "Report your first bug", "🐛", 1, Rarity.COMMON),
        Rung("quality_guardian", "Quality Guardian", "Report 5 bugs", "🛡️", 5, Rarity.UNCOMMON),
    )),
    Ladder("Authored songs", Category.QUALITY, "total_authored", (
        Rung("perfectionist", "Perfectionist", "Complete all authoring fields for a song", "💎", 1, Rarity.COMMON),
        Rung("multi_talented", "Multi-Talented", "Complete 5 fully authored songs", "🎭", 5, Rarity.UNCOMMON),
        Rung("master_craftsman", "Master Craftsman", "Complete 10 fully authored songs", "🛠️", 10, Rarity.RARE),
        Rung("artisan", "Artisan", "Complete 25 fully authored songs", "🏺", 25, Rarity.EPIC),
    )),
    Ladder("Completed packs", Category.QUALITY, "completed_packs", (
        Rung("pack_perfectionist", "Pack Perfectionist", "Complete all songs in a pack (all fully authored)", "📦✨", 1, Rarity.UNCOMMON),
        Rung("pack_completion_master", "Pack Master", "Complete 3 packs fully", "📚🏆", 3, Rarity.RARE),
        Rung("pack_completion_legend", "Pack Legend", "Complete 5 packs fully", "📖👑", 5, Rarity.EPIC),
    )),
    Ladder("Album series", Category.QUALITY, "total_series", (
        Rung("series_starter", "Series Starter", "Create your first album series", "🌱", 1, Rarity.COMMON),
    )),
    Ladder("Album series", Category.QUALITY, "completed_series", (
        Rung("series_master", "Series Master", "Complete an album series", "🎯", 1, Rarity.UNCOMMON),
        Rung("series_collector", "Series Collector", "Complete 3 album series", "📀", 3, Rarity.RARE),
        Rung("series_legend", "Series Legend", "Complete 5 album series", "🎪", 5, Rarity.EPIC),
    )),
    Ladder("Being a collaborator", Category.SOCIAL, "collaborations_joined", (
        Rung("collaborative_spirit", "Collaborative Spirit", "Be added as a collaborator on someone else's song", "🧩", 1, Rarity.COMMON),
        Rung("popular_collaborator", "Popular Collaborator", "Be added as a collaborator on 5 songs", "🙌", 5, Rarity.UNCOMMON),
        Rung("sought_after", "Sought After", "Be added as a collaborator on 10 songs", "🧲", 10, Rarity.RARE),
        Rung("community_favorite", "Community Favorite", "Be added as a collaborator on 25 songs", "💖", 25, Rarity.EPIC),
    )),
    Ladder("Artists", Category.DIVERSITY, "distinct_artists", (
        Rung("variety_seeker", "Variety Seeker", "Complete songs from 5 different artists", "🎲", 5, Rarity.COMMON),
        Rung("music_explorer", "Music Explorer", "Complete songs from 10 different artists", "🌍", 10, Rarity.UNCOMMON),
        Rung("artist_collector", "Artist Collector", "Complete songs from 25 different artists", "🎤", 25, Rarity.RARE),
        Rung("diversity_master", "Diversity Master", "Complete songs from 50 different artists", "🌈", 50, Rarity.EPIC),
        Rung("universal_listener", "Universal Listener", "Complete songs from 100 different artists", "🌌", 100, Rarity.LEGENDARY),
    )),
    Ladder("Years", Category.DIVERSITY, "distinct_years", (
        Rung("time_traveler", "Time Traveler", "Complete songs from 5 different years", "⏰", 5, Rarity.COMMON),
        Rung("decade_explorer", "Decade Explorer", "Complete songs from 10 different years", "🔭", 10, Rarity.UNCOMMON),
        Rung("era_collector", "Era Collector", "Complete songs from 25 different years", "🕰️", 25, Rarity.RARE),
        Rung("timeline_master", "Timeline Master", "Complete songs from 50 different years", "⏳", 50, Rarity.EPIC),
        Rung("history_buff", "History Buff", "Complete songs from 100 different years", "📜", 100, Rarity.LEGENDARY),
    )),
    Ladder("Decades", Category.DIVERSITY, "distinct_decades", (
        Rung("decade_dabbler", "Decade Dabbler", "Complete songs from 2 different decades", "🎸", 2, Rarity.COMMON),
        Rung("multi_decade", "Multi-Decade", "Complete songs from 3 different decades", "🎹", 3, Rarity.UNCOMMON),
        Rung("decade_master", "Decade Master", "Complete songs from 4 different decades", "🎺", 4, Rarity.RARE),
        Rung("timeline_legend", "Timeline Legend", "Complete songs from 5 different decades", "🎻", 5, Rarity.EPIC),
    )),
    Ladder("Ultimate", Category.SPECIAL, "total_songs", (
        Rung("library_of_legend", "Library of Legend", "Add 500 songs to TrackFlow", "🗄️", 500, Rarity.LEGENDARY),
    )),
    Ladder("Ultimate", Category.SPECIAL, "total_achievements", (
        Rung("completionist", "Completionist", "Unlock every other achievement in this list", "💯", ALL_OTHERS, Rarity.LEGENDARY),
    )),
)
# fmt: on
