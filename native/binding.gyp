{
	"variables": {"sanitize%": 0},
	"target_defaults": {
		"cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
		"cflags_cc": [
			"-std=c++20", "-O2", "-fPIC", "-fsigned-char",
			"-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
			"-iquote", "<(module_root_dir)",
			"-isystem", "<!(node -p \"require('path').resolve(require('node-addon-api').include_dir)\")"
		],
		"conditions": [["sanitize==1", {
			"cflags_cc": [
				"-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all",
				"-fsanitize-coverage=inline-8bit-counters,pc-table", "-O1", "-g1", "-w"
			],
			"ldflags": ["-fsanitize=address,undefined"]
		}]]
	},
	"targets": [
		{
			"target_name": "core",
			"type": "static_library",
			"sources": ["<!@(ls -1 sys/*.cpp pci/*.cpp route/*.cpp paper/*.cpp vfio/*.cpp device/*.cpp transfer/*.cpp bind/*.cpp acs/*.cpp target/*.cpp)"]
		},
		{
			"target_name": "p2p",
			"dependencies": ["core"],
			"sources": ["<!@(ls -1 binding/*.cpp)"],
			"defines": ["NAPI_VERSION=9", "NAPI_CPP_EXCEPTIONS"],
			"libraries": ["-lblkid"],
			"conditions": [["sanitize==0", {
				"ldflags": [
					"-static-libstdc++", "-Wl,--gc-sections",
					"-Wl,--version-script=<(module_root_dir)/exports.map"
				]
			}]]
		},
		{
			"target_name": "fast_path",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/fast_path.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "half_window",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/half_window.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "loop",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/loop.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "p2pmem",
			"type": "executable",
			"sources": ["test/p2pmem.cpp"]
		},
		{
			"target_name": "prp",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/prp.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "proof",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/proof.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "witness",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/witness.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "crc32c",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/crc32c.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "cmb",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/cmb.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "hostile",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/hostile.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "threads",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/threads.cpp"],
			"libraries": ["-lblkid"]
		},
		{
			"target_name": "carry",
			"type": "executable",
			"dependencies": ["core"],
			"sources": ["test/carry.cpp"],
			"libraries": ["-lblkid"]
		}
	]
}
