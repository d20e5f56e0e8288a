"""A local emulator of TikTok's APIs for organic accounts. It is as strict and as irregular as TikTok is known to be."""
