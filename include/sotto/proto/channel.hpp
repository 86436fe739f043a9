// The generated messages of the text channel and of sealed content, under one stable name.
#pragma once

#include "channel.pb.h"
#include "content.pb.h"
