// Every sentence the window shows. {name} is a parameter for fill().
#pragma once

#include <string>
#include <string_view>

namespace sotto::desktop {

// A sentence as what the widgets take.
inline std::string s(std::string_view text) { return std::string(text); }

}  // namespace sotto::desktop

namespace sotto::desktop::str {

using S = std::string_view;
inline constexpr S kApp = "Sotto";

// ---- the profile's passphrase ----
inline constexpr S kUnlockTitle = "Unlock Sotto";
inline constexpr S kUnlockBody =
    "Your keys and messages on this computer are encrypted. Enter their passphrase.";
inline constexpr S kProtectTitle = "Choose a passphrase";
inline constexpr S kProtectBody =
    "It encrypts your keys and messages on this computer. You enter it each time Sotto starts, and nobody "
    "can "
    "recover it.";
inline constexpr S kPassphrase = "Passphrase";
inline constexpr S kRepeatPassphrase = "Repeat passphrase";
inline constexpr S kPassphrasesDiffer = "The two passphrases differ.";
inline constexpr S kUnlock = "Unlock";
inline constexpr S kOpening = "Opening…";

// ---- start ----
inline constexpr S kConnectTitle = "Connect to your server";
inline constexpr S kConnectBody = "Ask the person who runs it for the address or an invite link.";
inline constexpr S kServerLabel = "Server address or invite link";
inline constexpr S kServerHelp = "Example: chat.example.org or chat.example.org:7443";
inline constexpr S kContinue = "Continue";
inline constexpr S kBadAddress = "That does not look like a server address.";
inline constexpr S kBadPort = "The port must be a number from 1 to 65535.";
inline constexpr S kHttpRefused = "This app only uses encrypted connections. Remove http:// and try again.";
inline constexpr S kSignIn = "Sign in";
inline constexpr S kCreateAccount = "Create account";
inline constexpr S kSigningIn = "Signing in…";
inline constexpr S kCreating = "Creating…";
inline constexpr S kBack = "Back";
inline constexpr S kUserName = "User name";
inline constexpr S kPassword = "Password";
inline constexpr S kRepeatPassword = "Repeat password";
inline constexpr S kDisplayName = "Display name";
inline constexpr S kDeviceName = "Name of this device";
inline constexpr S kInviteCode = "Invite code";
inline constexpr S kInviteFromLink = "From your invite link";
inline constexpr S kUserRule = "Use 2 to 32 letters, digits, dots, dashes or underscores.";
inline constexpr S kDisplayRule = "Enter a name others will see.";
inline constexpr S kPasswordRule = "Use at least 10 characters.";
inline constexpr S kPasswordEasy = "Too easy to guess. Try four unrelated words.";
inline constexpr S kPasswordsDiffer = "The two passwords differ.";
inline constexpr S kVeryWeak = "Very weak";
inline constexpr S kWeak = "Weak";
inline constexpr S kFair = "Fair";
inline constexpr S kStrong = "Strong";
inline constexpr S kCapsLock = "Caps Lock is on";
inline constexpr S kReplaceDevice = "This account is already used on another device. Sign in here instead?";
inline constexpr S kReplaceButton = "Use this device instead";

// ---- sidebar ----
inline constexpr S kNewMessage = "New message";
inline constexpr S kSearchChats = "Search";
inline constexpr S kSignOut = "Sign out";
inline constexpr S kSignOutTitle = "Sign out on this device?";
inline constexpr S kSignOutBody = "Messages stored here will be removed.";
inline constexpr S kCancel = "Cancel";
inline constexpr S kNoChats = "No chats yet";
inline constexpr S kNoChatsBody = "Start one with someone on {host}.";
inline constexpr S kNoMatch = "No chat matches “{text}”.";
inline constexpr S kNoMessages = "No messages yet";
inline constexpr S kDraft = "Draft: ";
inline constexpr S kYou = "You: ";
inline constexpr S kFilePreview = "File: {name}";
inline constexpr S kConnecting = "Connecting…";
inline constexpr S kOffline = "You are offline. Messages will be sent when you are back.";
inline constexpr S kCantReach = "Can't reach {host}. Next try in {n} s.";
inline constexpr S kNextTry = "{reason} Next try in {n} s.";
inline constexpr S kTryNow = "Try now";
inline constexpr S kIdentityOfServer = "The server's identity changed.";
inline constexpr S kSignedOut = "This device was signed out.";
inline constexpr S kThemeDark = "Dark theme";
inline constexpr S kThemeLight = "Light theme";
inline constexpr S kSettings = "Menu";

// ---- new message ----
inline constexpr S kNewMessageField = "User name";
inline constexpr S kSearching = "Searching the server…";
inline constexpr S kNobody = "No one named “{q}” on this server.";
inline constexpr S kNewMessageHint = "Type the exact user name of someone on this server.";
inline constexpr S kClose = "Close";

// ---- conversation ----
inline constexpr S kSelectChat = "Select a chat";
inline constexpr S kSelectChatBody = "or start a new one with Ctrl+N";
inline constexpr S kSayHello = "Say hello to {name}";
inline constexpr S kEncrypted = "Messages and calls here are end-to-end encrypted.";
inline constexpr S kOnline = "online";
inline constexpr S kOfflinePeer = "offline";
inline constexpr S kWaiting = "Waiting for connection…";
inline constexpr S kAudioCall = "Call";
inline constexpr S kVideoCall = "Video call";
inline constexpr S kYouAreOffline = "You are offline.";
inline constexpr S kAlreadyInCall = "You are already in a call.";
inline constexpr S kNewMessages = "New messages";
inline constexpr S kStartOfChat = "This is the start of the conversation · encrypted";
inline constexpr S kLoadingOlder = "Loading older messages…";
inline constexpr S kOlderFailed = "Older messages could not be loaded.";
inline constexpr S kTryAgain = "Try again";
inline constexpr S kShowMore = "Show more";
inline constexpr S kShowLess = "Show less";
inline constexpr S kToLatest = "Go to the latest message";
inline constexpr S kNotSent = "Not sent.";
inline constexpr S kRetry = "Retry";
inline constexpr S kIdentityChanged = "{name}'s security number changed.";
inline constexpr S kVerify = "Verify";
inline constexpr S kDismiss = "Accept";
inline constexpr S kVerified = "Verified";
inline constexpr S kSafetyNumber = "Safety number";
inline constexpr S kSafetyBody =
    "Compare these digits with {name}, in person or in a call. If they are the same on both devices, nobody "
    "is listening in.";
inline constexpr S kMarkVerified = "They are the same";
inline constexpr S kRemoveVerified = "Remove verification";
inline constexpr S kCopy = "Copy";
inline constexpr S kCopied = "Copied.";
inline constexpr S kSending = "Sending", kSent = "Sent", kDelivered = "Delivered", kRead = "Read",
                   kNotSentState = "Not sent";

// ---- composer and files ----
inline constexpr S kMessage = "Message";
inline constexpr S kSend = "Send";
inline constexpr S kAttach = "Attach a file";
inline constexpr S kCharactersLeft = "{n} left";
inline constexpr S kTooLong = "Too long by {n} characters.";
inline constexpr S kRemoveAttachment = "Remove";
inline constexpr S kDropHere = "Drop to attach to {name}";
inline constexpr S kFolderRefused = "Folders can't be attached. Compress it first.";
inline constexpr S kEmptyFile = "{name} is empty.";
inline constexpr S kUnreadable = "{name} can't be read.";
inline constexpr S kTooManyFiles = "You can attach 10 files at a time. The first 10 were added.";
inline constexpr S kPreparing = "Preparing…";
inline constexpr S kQueued = "Waiting · {size}";
inline constexpr S kWaitingForNetwork = "Waiting for connection · {progress}";
inline constexpr S kPaused = "Paused · {progress}";
inline constexpr S kStopped = "Stopped at {progress}. {reason}";
inline constexpr S kCancelled = "Cancelled";
inline constexpr S kDownload = "Download", kPause = "Pause", kResume = "Resume", kOpen = "Open",
                   kShowInFolder = "Show in folder";
inline constexpr S kDiscardTitle = "Discard {size} already transferred?";
inline constexpr S kKeep = "Keep", kDiscard = "Discard";
inline constexpr S kExecutable =
    "“{name}” can run programs on your computer. Open it only if you trust {sender}.";
inline constexpr S kExecutableTitle = "Open this file?";

// ---- file chooser ----
inline constexpr S kAttachFiles = "Attach files";
inline constexpr S kHome = "Home", kDocuments = "Documents", kDownloads = "Downloads", kPictures = "Pictures";
inline constexpr S kNameColumn = "Name", kSizeColumn = "Size", kChangedColumn = "Changed";
inline constexpr S kAttachButton = "Attach";
inline constexpr S kFolderDenied = "You do not have permission to open this folder.";
inline constexpr S kFolderEmpty = "This folder is empty.";
inline constexpr S kPathOrName = "Name or path";
inline constexpr S kFilter = "Filter";
inline constexpr S kParent = "Parent folder";

// ---- calls ----
inline constexpr S kCalling = "Calling…", kRinging = "Ringing…", kStillConnecting = "Still connecting…",
                   kReconnecting = "Reconnecting…", kSecuring = "Securing…";
inline constexpr S kNotAnswering = "{name}'s devices are not answering yet.";
inline constexpr S kIncomingVideo = "Incoming video call", kIncomingAudio = "Incoming call";
inline constexpr S kAccept = "Accept", kAudio = "Audio", kVideo = "Video", kDecline = "Decline";
inline constexpr S kAlsoInCall = "You are in a call with {name}.";
inline constexpr S kEndAndAnswer = "End and answer";
inline constexpr S kMute = "Mute", kUnmute = "Unmute", kStopVideo = "Stop video", kStartVideo = "Start video",
                   kEnd = "End";
inline constexpr S kSoundOff = "Sound off", kSoundOn = "Sound on";
inline constexpr S kChat = "Chat";
inline constexpr S kMinimise = "Minimise", kExpand = "Show the call";
inline constexpr S kYouAreMuted = "You are muted";
inline constexpr S kBadgeVerified = "Encrypted · verified", kBadgeCompare = "Encrypted · compare {code}";
inline constexpr S kBadgeChanged = "Encrypted · number changed";
inline constexpr S kCompareTitle = "Compare the security code";
inline constexpr S kCompareBody =
    "Read these digits to each other. If they are the same on both sides, nobody is listening in.";
inline constexpr S kLostConnection = "Your connection was lost. Reconnecting… {n} s";
inline constexpr S kStartingVideo = "Starting video…";
inline constexpr S kCallAgain = "Call again", kMessageButton = "Message";
inline constexpr S kCallEnded = "Call ended", kDeclinedBy = "{name} declined",
                   kBusy = "{name} is in another call", kNoAnswer = "{name} did not answer",
                   kMissedFrom = "Missed call from {name}", kConnectFailed = "Could not connect the call",
                   kConnectionLost = "Connection lost", kMediaFailed = "Audio could not be started",
                   kCallCancelled = "Call cancelled", kYouDeclined = "You declined the call";
inline constexpr S kFirewall = "A firewall may be blocking it.";
inline constexpr S kLostBody = "The call ended after 30 seconds without a connection.";
inline constexpr S kCallBack = "Call back";
inline constexpr S kCallWord = "Call", kVideoCallWord = "Video call", kMissedCall = "Missed call",
                   kMissedVideo = "Missed video call", kDeclinedCall = "Declined call",
                   kNoAnswerItem = "No answer", kCancelledItem = "Cancelled call",
                   kFailedItem = "Call failed", kBusyItem = "Busy";
inline constexpr S kQuitInCall = "Leave the call and quit?";
inline constexpr S kLeaveAndQuit = "Leave and quit";

}  // namespace sotto::desktop::str
